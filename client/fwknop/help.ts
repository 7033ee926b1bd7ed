/** What --help prints. */
export const FWKNOP_HELP = `usage: fwknop -A PORTS (-a ADDRESS | -R | -s) -D SERVER [options]
       fwknop -n STANZA [options]

What to ask for:
 -A, --access PORTS          ports to open, such as tcp/22,udp/53
 -a, --allow-ip ADDRESS      open for this address, sealed in the packet
 -R, --resolve-ip-https      open for the address that a web service sees
                             (also --resolve-ip-http)
 -s, --source-ip             open for the address that the server sees
 -f, --fw-timeout SECONDS    how long, 0 to 65536 (default: the server's choice)
 -C, --server-cmd COMMAND    have the server run this command instead
 -N, --nat-access HOST:PORT  forward to this host behind the server
     --nat-local             forward to another port of the server itself
     --nat-port PORT         the outer port of the forwarding
     --nat-rand-port         draw the outer port, and print it
 -U, --spoof-user NAME       the user's name in the packet

Where and how to send it:
 -D, --destination SERVER    the server's name or address
 -p, --server-port PORT      its port (default: 62201)
 -P, --server-proto WAY      udp, tcp, http, udpraw, tcpraw or icmp
                             (the last three need root)
 -S, --source-port PORT      the port to send from
 -Q, --spoof-source ADDRESS  the address to send from, in the last three ways
                             (also --spoof-src)
 -r, --rand-port             send to a port drawn from 10000 to 65535
 -H, --http-proxy HOST:PORT  send by HTTP through this proxy
 -u, --user-agent TEXT       what HTTP says of the program
     --icmp-type N           0 to 40 (default: 0, an echo reply)
     --icmp-code N           0 to 15 (default: 0)
     --server-resolve-ipv4   only IPv4 addresses of the server
     --resolve-url URL       the web service for -R
     --resolve-http-only     ask it without TLS
     --use-wget-user-agent   call the program Wget for -R
 -w, --wget-cmd PATH         taken, and of no use: wget is not needed
     --time-offset-plus T    add to the clock, such as 60s, 5m, 2h or 1d
     --time-offset-minus T   take from the clock

Keys and algorithms:
     --use-hmac              add an HMAC; a key of one does so, too
     --key-base64-rijndael KEY, --key-rijndael KEY, --key-base64-hmac KEY,
     --key-hmac KEY          keys, which others can then see in ps
 -G, --get-key FILE          the key from a line "SERVER: KEY"
     --get-hmac-key FILE     the same for the HMAC
     --stdin, --fd N         keys by standard input or a descriptor, a line each
 -m, --digest-type NAME      md5, sha1, sha256 (default), sha384, sha512,
                             sha3_256 or sha3_512
     --hmac-digest-type NAME the same for the HMAC
 -M, --encryption-mode MODE  cbc (default), ecb, cfb, ofb, ctr, legacy
                             or asymmetric
 -k, --key-gen               make two keys and print them
 -K, --key-gen-file FILE     the same into a file (mode 0600)
     --key-len N, --hmac-key-len N
                             their lengths in bytes
 -g, --gpg-encryption        let GnuPG seal the packet
     --gpg-recipient-key ID  the server's key
     --gpg-signer-key ID     your key
     --gpg-home-dir DIR, --gpg-exe PATH
                             key rings and program
     --gpg-agent             gpg-agent asks for the passphrase
     --gpg-no-signing-pw     your key has no passphrase

Settings and history:
 -n, --named-config STANZA   use this stanza of ~/.fwknoprc
     --rc-file FILE          read this file instead
     --no-rc-file            read none
     --no-home-dir           do not look into the home folder
     --save-rc-stanza        write the options into the stanza of -n (or of -D)
     --force-stanza          do so without asking about keys in it
     --stanza-list           name the stanzas
 -l, --last-cmd              do again what was done last
     --show-last             print that command line
 -E, --save-args-file FILE   keep it in this file (default: ~/.fwknop.run)
     --no-save-args          do not keep it
 -B, --save-packet FILE      write the packet to a file (mode 0600)
 -b, --save-packet-append    the same at its end
     --send-packet FILE      send the last packet of such a file (not in fwknop)
 -T, --test                  make the packet, print it, and send nothing
     --to-spad               the server is spad: send it what fwknopd cannot
                             read, such as IPv6 addresses (not in fwknop)
 -v, --verbose               say more
 -V, --version               print the version
 -h, --help                  print this help
`;
