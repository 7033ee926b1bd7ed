/**
 * Many commands of ufw in one process. ufw itself is a Python program that takes one command, reads its lists before it has
 * its lock, so that two at a time may lose a rule, and takes the kernel's rules out and in again for each. This one calls
 * what ufw is made of: it takes the lock first, and writes the files and renews the kernel's rules once. Each argument is one command, a JSON
 * list of words; what ufw says of each comes out in turn, a refusal on standard error. (ufw looks who may write the program
 * that it takes itself for.)
 */
const PROGRAM = `import gettext, json, sys
import ufw.common, ufw.frontend, ufw.util
gettext.install(ufw.common.programName)
commands, sys.argv = sys.argv[1:], ["/usr/sbin/ufw"]
lock = ufw.util.create_lock()

def later(keeper, name):
    """Has the method do nothing for now, where this ufw has it; gives it back."""
    method = getattr(keeper, name, None)
    if method is not None:
        setattr(keeper, name, lambda *args, **more: None)
    return method or (lambda *args: None)

try:
    front = ufw.frontend.UFWFrontend(False)
    keeper = front.backend
    write = later(keeper, "_write_rules")
    renew = later(keeper, "_reload_user_rules")
    try:
        for words in commands:
            asked = ufw.frontend.parse_command(["ufw"] + json.loads(words))
            rule, families = asked.data.get("rule", ""), asked.data.get("iptype", "")
            print(front.do_action(asked.action, rule, families, True))
    finally:
        if commands:
            write(False)
            if keeper.use_ipv6():
                write(True)
            renew()
except ufw.common.UFWError as refusal:
    sys.exit("ERROR: " + str(refusal.value))
finally:
    ufw.util.release_lock(lock)
`;

/**
 * Without commands it only waits until no ufw is at work. Isolated: no environment, no folder of a user's changes what is imported. ufw's own packages are the system's.
 */
export const ufwCall = (commands: readonly (readonly string[])[]): readonly [string, ...string[]] => [
  ...(['python3', '-I', '-c', PROGRAM] as const),
  ...commands.map((words) => JSON.stringify(words)),
];
