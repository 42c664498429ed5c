// The loggers beside ours, each in its default set-up, pointed at the collector on loopback. Each gives `enabled(number)`
// (a call that differs from the one before), `repeat()`, `disabled()` where it has a level to be below of, and `flush()`.
import { SeverityNumber } from '@opentelemetry/api-logs';
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { datadogLogs } from '@datadog/browser-logs';
import { getWebInstrumentations, initializeFaro, LogLevel } from '@grafana/faro-web-sdk';
import * as Sentry from '@sentry/browser';

const fields = (number) => ({ truth: 'lifecycle', from: 'STARTING', to: `RUNNING ${number}` });
const said = (values) => `The screen showed ${values.truth} ${values.to} instead of ${values.from}.`;

function opentelemetry(collector) {
  const exporter = new OTLPLogExporter({ url: `${collector}/v1/logs` });
  const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('bench');
  const emit = (attributes) =>
    logger.emit({ severityNumber: SeverityNumber.INFO, severityText: 'INFO', body: said(attributes), attributes });
  return { emit, flush: () => provider.forceFlush() };
}

function datadog(collector) {
  datadogLogs.init({ clientToken: 'pub0', site: 'datadoghq.com', proxy: `${collector}/datadog`, service: 'bench' });
  datadogLogs.logger.setLevel('info');
  return {
    emit: (values) => datadogLogs.logger.info(said(values), values),
    below: (values) => datadogLogs.logger.debug(said(values), values),
    flush: async () => {},
  };
}

function faro(collector) {
  const { api } = initializeFaro({
    url: `${collector}/faro`,
    app: { name: 'bench', version: '1' },
    instrumentations: getWebInstrumentations(),
  });
  return { emit: (values) => api.pushLog([said(values)], { level: LogLevel.INFO, context: values }), flush: async () => {} };
}

function sentry(collector) {
  const dsn = collector.replace('http://', 'http://key@') + '/1';
  Sentry.init({ dsn, enableLogs: true });
  return { emit: (values) => Sentry.logger.info(said(values), values), flush: () => Sentry.flush(2_000) };
}

const ALL = { opentelemetry, datadog, faro, sentry };

window.makeOther = (name, collector) => {
  const { emit, below, flush } = ALL[name](collector);
  const loop = (call, prepared) => {
    const started = performance.now();
    for (const values of prepared) call(values);
    return performance.now() - started;
  };
  const same = (count) => Array.from({ length: count }, () => fields(0));
  let made = 0;
  return {
    enabled: (count) => loop(emit, Array.from({ length: count }, () => fields((made += 1)))),
    repeat: (count) => loop(emit, same(count)),
    disabled: below && ((count) => loop(below, same(count))),
    flush,
  };
};
