/**
 * Metrics as text: OpenMetrics 1.0 (https://prometheus.io/docs/specs/om/open_metrics_spec/), and the older text format 0.0.4 of
 * Prometheus, which is all that the textfile collector of node_exporter reads. They differ in what a counter is called, in
 * the types that there are, in units and in the last line.
 */
export interface Metric {
  /** Without the ending that its type asks for (`_total`, `_info`); ends in `_` and its unit where it has one. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'info';
  readonly unit?: 'seconds' | 'bytes';
  /** One sentence. */
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export type ExpositionFormat = 'openmetrics' | 'prometheus';

/** How a sample's name ends. */
const ENDINGS = { counter: '_total', gauge: '', info: '_info' } as const satisfies Record<Metric['type'], string>;

export const sampleName = ({ name, type }: Pick<Metric, 'name' | 'type'>): string => `${name}${ENDINGS[type]}`;

/** All lines, each with its newline. A metric without a sample is left out. */
export const formatMetrics = (metrics: readonly Metric[], format: ExpositionFormat): string =>
  [
    ...metrics.filter(({ samples }) => samples.length > 0).flatMap((metric) => linesOf(metric, format)),
    ...(format === 'openmetrics' ? ['# EOF'] : []),
  ]
    .map((line) => `${line}\n`)
    .join('');

const linesOf = (metric: Metric, format: ExpositionFormat): readonly string[] => {
  const isOpen = format === 'openmetrics';
  const sample = sampleName(metric);
  const family = isOpen ? metric.name : sample;
  const type = metric.type === 'info' && !isOpen ? 'gauge' : metric.type;
  return [
    `# TYPE ${family} ${type}`,
    ...(metric.unit !== undefined && isOpen ? [`# UNIT ${family} ${metric.unit}`] : []),
    `# HELP ${family} ${isOpen ? escapeText(metric.help) : escapeHelp(metric.help)}`,
    ...metric.samples.map(({ labels = {}, value }) => `${sample}${formatLabels(labels)} ${formatNumber(value)}`),
  ];
};

const formatLabels = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeText(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

/** The older format knows no escaped quote there. */
const escapeHelp = (text: string): string => text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');

const escapeText = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

const formatNumber = (value: number): string =>
  Number.isFinite(value) ? String(value) : Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
