import { LineChart } from 'echarts/charts';
import { GridComponent, LegendComponent } from 'echarts/components';
import { init, use } from 'echarts/core';
import { SVGRenderer } from 'echarts/renderers';
import type { Result } from './result.ts';

use([LineChart, GridComponent, LegendComponent, SVGRenderer]);

/** Columns of a result over its first one, as SVG; both axes are logarithmic. */
export function plot({ columns, rows }: Result, drawn: readonly string[]): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width: 760, height: 420 });
  const series = drawn.map((name) => {
    const column = columns.indexOf(name);
    return { name, type: 'line' as const, data: rows.map((row) => [row[0], row[column]]) };
  });
  chart.setOption({
    animation: false,
    backgroundColor: '#fff',
    legend: { top: 8 },
    grid: { left: 70, right: 30, top: 50, bottom: 50 },
    xAxis: { type: 'log', name: columns[0], nameLocation: 'middle', nameGap: 30 },
    yAxis: { type: 'log' },
    series,
  });
  const svg = chart.renderToSVGString();
  chart.dispose();
  return svg;
}
