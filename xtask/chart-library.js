// What public/chart.js draws with: the rest of the library stays at home.
export { AreaSeries, createChart, createSeriesMarkers, LineSeries, LineStyle, LineType } from "lightweight-charts";
