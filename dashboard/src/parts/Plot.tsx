import "uplot/dist/uPlot.min.css";

import { useEffect, useRef } from "react";
import UPlot, { type Options } from "uplot";

import { useSession } from "../session";

const HEIGHT = 220;
/** Nobody sells half an order, and small sums need no finer steps. */
const WHOLE_STEPS = [1, 10, 100, 1e3, 1e4, 1e5, 1e6].flatMap((n) => [n, 2 * n, 5 * n]);
const INK = { light: "#333b43", dark: "#d7dde3" };
const GRID = { light: "#e3e6e8", dark: "#3a4147" };
/** Colours that people with any colour vision tell apart, on light and dark. */
const STROKES = ["#0072b2", "#d55e00"];

export interface Line {
  name: string;
  values: (number | null)[];
}

interface PlotProps {
  label: string;
  /** Days as `2026-11-30`, in UTC. */
  days: string[];
  lines: Line[];
}

/** A line per figure over days. The same figures are in a table below it, for who cannot see it. */
export function Plot({ label, days, lines }: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const { theme } = useSession();
  useEffect(() => {
    const shown = place.current;
    if (!shown) return;
    const times = days.map((day) => Date.parse(`${day}T00:00:00Z`) / 1000);
    const data = [times, ...lines.map(({ values }) => values)] as UPlot.AlignedData;
    const plot = new UPlot(optionsOf(shown.clientWidth, lines, theme), data, shown);
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: shown.clientWidth, height: HEIGHT }),
    );
    observer.observe(shown);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [days, lines, theme]);
  return <div ref={place} className="desk-plot" role="img" aria-label={label} />;
}

function optionsOf(width: number, lines: Line[], theme: "light" | "dark"): Options {
  const faint = { stroke: GRID[theme], width: 1 };
  const axis = { stroke: INK[theme], grid: faint, ticks: faint };
  return {
    width,
    height: HEIGHT,
    tzDate: (seconds) => UPlot.tzDate(new Date(seconds * 1000), "UTC"),
    // The figures are in the table below; a legend that waits for a pointer only says "–".
    legend: { live: false },
    axes: [axis, { ...axis, size: 60, incrs: WHOLE_STEPS }],
    scales: { y: { range: (_, __, most) => [0, Math.max(most, 1)] } },
    series: [
      { label: "Day" },
      ...lines.map(({ name }, index) => ({
        label: name,
        stroke: STROKES[index % STROKES.length],
        width: 2,
      })),
    ],
  };
}
