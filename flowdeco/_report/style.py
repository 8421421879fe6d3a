"""The style sheet of the report of a run, light and dark, for wide and narrow screens and for paper."""

from __future__ import annotations

from .._base.events import Status
from .._draw.palette import DARK, LIGHT, Palette, graph_rules, list_colours

__all__ = ["page_style"]


def page_style() -> str:
    """Return the whole style sheet."""
    return (
        f"{_colours(LIGHT)}@media screen and (prefers-color-scheme:dark){{{_colours(DARK)}}}"
        f"{''.join([f'.{status}{{--fill:var(--{status}-fill);--edge:var(--{status}-edge)}}' for status in Status])}"
        f"{graph_rules()}{_RULES}"
    )


def _colours(palette: Palette) -> str:
    shade = "--shade:color-mix(in srgb,var(--ink) 35%,transparent);"
    return f":root{{{shade}{''.join([f'--{name}:{value};' for name, value in list_colours(palette).items()])}}}"


_RULES = """
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0 auto;padding:1rem clamp(.75rem,3vw,2.5rem) 4rem;max-width:100rem;background:var(--paper);
color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .6rem;padding-top:.6rem;border-top:1px solid var(--skipped-fill)}
p{margin:.4rem 0;max-width:75ch}
a{color:inherit}
code,pre,.mono{font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
pre{white-space:pre-wrap;margin:.5rem 0;padding:.6rem .8rem;background:var(--pending-fill);border-radius:6px}
nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:.8rem 0}
:focus-visible{outline:3px solid var(--running-edge);outline-offset:2px}
.badge{display:inline-block;padding:.05rem .55rem;border:1.5px solid var(--edge);border-radius:99px;
background:var(--fill);color:var(--ink);font-size:.85rem;font-weight:600;white-space:nowrap}
h1 .badge{vertical-align:middle;margin-left:.4rem}
.facts{display:grid;grid-template-columns:max-content 1fr;gap:.15rem 1rem;margin:.8rem 0}
.facts dt{color:var(--faint)}
.facts dd{margin:0}
.verdict{margin:.8rem 0;padding:.6rem .9rem;border-left:5px solid var(--edge);background:var(--fill);
border-radius:4px;max-width:none;white-space:pre-wrap}
.verdict.quiet{padding:0;border:0;background:none;color:var(--faint)}
.verdict h2{margin:0 0 .4rem;padding:0;border:0;font-size:1.1rem}
.verdict ol{margin:0;padding-left:1.4rem;white-space:normal}
.verdict li+li{margin-top:.5rem}
.verdict .faint{color:var(--ink);font-size:.9rem}
.faint{color:var(--faint)}
.wide{overflow-x:auto}
.wide,.graph,.trace{--ground:var(--paper);background:linear-gradient(90deg,var(--ground) 40%,transparent) 0 0/3rem 100%,
linear-gradient(270deg,var(--ground) 40%,transparent) 100% 0/3rem 100%,
linear-gradient(90deg,var(--shade),transparent) 0 0/.9rem 100%,
linear-gradient(270deg,var(--shade),transparent) 100% 0/.9rem 100%;
background-attachment:local,local,scroll,scroll;background-repeat:no-repeat;background-color:var(--ground)}
pre.trace{--ground:var(--pending-fill)}
.trace{white-space:pre;overflow:auto;max-height:70vh;overflow-wrap:normal}
.trouble{margin:.5rem 0;padding:.1rem .8rem;border-left:5px solid var(--edge)}
.trouble.quiet{border-left:3px dashed var(--edge)}
.nested{margin:.6rem 0;padding:.1rem .9rem;border:1px solid var(--line);border-radius:6px}
.nested h2,.nested h3,.nested h4,.nested h5,.nested h6{margin:1rem 0 .3rem;padding:0;border:0;font-size:1rem}
.groups{margin:.8rem 0}
.members{display:flex;flex-wrap:wrap;gap:.1rem .9rem;margin:.3rem 0;padding:0;list-style:none;font-size:.88rem;
max-height:40vh;overflow:auto}
.graph{overflow:auto;width:fit-content;max-width:100%;max-height:75vh;border:1px solid var(--skipped-fill);
border-radius:6px;overscroll-behavior-x:contain}
.graph>div{position:relative;width:max-content;min-width:100%}
.begin{position:absolute;top:0;left:max(0px,min((var(--x) - 80vw)*999,var(--x) - 46vw));width:1px;height:1px;
scroll-initial-target:nearest}
@supports not (scroll-initial-target:nearest){
.graph{scroll-snap-type:x mandatory}
.begin{scroll-snap-align:start;animation:begun 1ms .5s forwards}
@keyframes begun{to{scroll-snap-align:none}}
}
.graph svg{display:block;margin:0 auto}
.legend{display:flex;flex-wrap:wrap;gap:.3rem .9rem;margin:.6rem 0;padding:0;list-style:none;font-size:.85rem}
details{margin:.5rem 0}
summary{cursor:pointer;padding:.15rem 0}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .7rem .3rem 0;text-align:left;vertical-align:top;border-bottom:1px solid var(--skipped-fill)}
th{font-weight:600}
thead th{color:var(--faint);font-size:.85rem;white-space:nowrap}
tbody th{font-weight:500;min-width:7rem}
.number,thead .number{white-space:nowrap;text-align:right}
.text{min-width:12rem;max-width:40rem;white-space:pre-wrap}
:target:not(section){outline:2px solid var(--running-edge)}
.time{table-layout:fixed}
.time th,.time td{padding:.1rem .5rem .1rem 0;border:0;vertical-align:middle}
.time thead td,.time thead th{border-bottom:1px solid var(--line)}
.time tbody tr:hover{background:var(--pending-fill)}
.time .who{width:clamp(16rem,25vw,22rem);overflow:hidden;text-overflow:ellipsis;white-space:nowrap;
font-size:.88rem;min-width:0}
.time .took{width:6rem;text-align:right;white-space:nowrap;font-size:.85rem}
.time tr.critical .who,.time tr.critical .took{font-weight:700}
.track{position:relative;height:1.35rem;background:linear-gradient(90deg,var(--skipped-fill) 1px,transparent 1px)
0 0/var(--step) 100%}
.track i{position:absolute;display:block;top:.15rem;height:1.05rem;min-width:3px;border-radius:2px;overflow:hidden;
font:600 11px/1rem system-ui,sans-serif;white-space:nowrap;color:var(--ink)}
.track b{display:inline-block;padding:0 3px;background:var(--fill)}
.track>span{padding-left:.3rem;color:var(--faint);font-size:.8rem}
.bar{background:var(--fill);border:1.5px solid var(--edge)}
.bar.failed{background:repeating-linear-gradient(135deg,var(--fill) 0 5px,var(--edge) 5px 6.5px)}
.bar.cancelled,.bar.running,.bar.retrying{border-style:dashed}
.bar.retrying{background:radial-gradient(var(--edge) 1px,var(--fill) 1.5px) 0 0/5px 5px}
.bar.critical{border-bottom:5px solid var(--edge)}
.track .wait{top:.6rem;height:.15rem;background:var(--line);opacity:.55;min-width:0;border-radius:0;padding:0}
.track .span,.sample .span{background:repeating-linear-gradient(90deg,var(--completed-edge) 0 3px,transparent 3px 6px);
top:.75rem;height:.2rem;min-width:0;border-radius:0;padding:0;opacity:.7}
.sample .span{top:.4rem;bottom:auto}
.items{margin:.6rem 0;padding:.1rem .9rem .6rem;border:1px solid var(--line);border-radius:6px}
.distribution{max-width:40rem;margin:.5rem 0}
.spread{display:flex;align-items:flex-end;gap:1px;height:4rem;border-bottom:1px solid var(--line)}
.spread i{flex:1;min-width:1px;min-height:1px;background:var(--completed-edge)}
.ends{display:flex;justify-content:space-between;font-size:.75rem;color:var(--faint)}
.axis{position:relative;height:1.2rem;font-size:.75rem;color:var(--faint)}
.axis span{position:absolute;transform:translateX(-50%);white-space:nowrap}
.axis span:first-child{transform:none}
.axis .last{transform:translateX(-100%)}
.sample{display:inline-block;position:relative;width:1.6rem;height:.9rem;vertical-align:-.1rem;margin-right:.3rem}
.sample i{position:absolute;inset:0;border-radius:2px}
.sample .wait{inset:.4rem 0 auto;height:.15rem;background:var(--line);opacity:.55}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
@media (max-width:960px){
.axis .fine{display:none}
}
@media (max-width:640px){
body{font-size:14px}
.time,.time thead,.time tbody{display:block}
.time tr{display:grid;grid-template-columns:minmax(0,1fr) auto}
.time td:nth-child(2),.time th:nth-child(2){grid-area:2/1/3/3}
.time .who{width:auto}
.time thead .who,.time thead .took{border:0}
.time .took{width:auto;grid-area:1/2/2/3;font-size:.75rem}
.number~.text{min-width:20rem}
}
@media print{
body{max-width:none;padding:0;font-size:10pt}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
nav{display:none}
.graph{max-height:none;overflow:visible;border:0}
.graph>div{width:auto}
.graph svg{max-width:100%;height:auto}
.wide,.trace,.members{overflow:visible;max-height:none}
.trace{white-space:pre-wrap}
details::details-content{content-visibility:visible;display:block;height:auto}
h2,summary{break-after:avoid}
tr,.verdict{break-inside:avoid}
}
@media (forced-colors:active){.track i,.badge{forced-color-adjust:none}}
"""
