/// Style sheets of pages, in layers: what every page has, and what one kind of page adds.
///
/// The colours of severity grow in one direction of lightness, from pale blue over orange to dark brown on light pages
/// and from dim blue to bright yellow on dark ones, so that they keep their order for every kind of colour vision and
/// in grey; blue and orange part agreement from its opposite. Text says the same wherever colour does.
enum PageStyle {
    static let common = """
        :root{color-scheme:light dark;
        --page:light-dark(#fbfcfd,#12171c);--panel:light-dark(#fff,#1a2128);--line:light-dark(#d9e0e6,#303a44);
        --ink:light-dark(#19212a,#e4eaf0);--muted:light-dark(#56636f,#9aa8b5);--accent:light-dark(#1d5f9e,#7db8ee);
        --good:light-dark(#1d5f9e,#7db8ee);--goodsoft:light-dark(#e8f1f9,#17293a);
        --bad:light-dark(#9c3d06,#ffb469);--badsoft:light-dark(#fdf0e3,#3a2410);
        --sans:system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif;
        --mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
        :root[data-theme=light]{color-scheme:light}:root[data-theme=dark]{color-scheme:dark}
        *{box-sizing:border-box}
        html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
        body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 var(--sans)}
        header.top,main,footer{max-width:76rem;margin:0 auto;padding:0 1.25rem}
        .bar{display:flex;justify-content:space-between;align-items:center;padding:.9rem 0 .4rem}
        .brand{font-weight:650;letter-spacing:.01em;color:var(--muted)}
        h1{font-size:1.7rem;line-height:1.2;margin:0;font-weight:680}
        h2{font-size:1.2rem;margin:0 0 .2rem;font-weight:660}
        h3{font-size:1.02rem;margin:0 0 .5rem;font-weight:640}
        section{margin:2.4rem 0}
        p{margin:0}
        .lead{color:var(--muted);max-width:72rem;margin-bottom:.9rem}
        .muted{color:var(--muted)}
        .name{font-family:var(--mono);font-size:.92em;overflow-wrap:anywhere;unicode-bidi:isolate}
        .skip{position:absolute;left:-99rem}
        .skip:focus{left:1rem;top:.5rem;background:var(--panel);padding:.3rem .7rem;z-index:9}
        a{color:var(--accent)}
        button{font:inherit;color:inherit;cursor:pointer}
        button.quiet{background:none;border:1px solid var(--line);border-radius:.4rem;padding:.1rem .55rem;
        font-size:.82rem;color:var(--muted)}
        button.quiet:hover{color:var(--ink);border-color:var(--muted)}
        :focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:3px}
        ul,ol,dl,dd,figure{margin:0;padding:0}ul,ol{list-style:none}
        .plain li{padding:.15rem 0 .15rem 1rem;text-indent:-1rem;overflow-wrap:anywhere}
        .plain li::before{content:"·";display:inline-block;width:1rem;text-indent:0;color:var(--muted)}
        .facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.6rem 1.6rem}
        .facts dt,.notes dt{font-size:.8rem;color:var(--muted)}
        .facts dd{overflow-wrap:anywhere}
        .notes{display:grid;grid-template-columns:repeat(auto-fill,minmax(21rem,1fr));gap:1rem 2rem;margin-top:.6rem}
        .notes dt{font-weight:640;color:var(--ink);font-size:.92rem}
        .notes dd{color:var(--muted);font-size:.92rem}
        .scroll{overflow-x:auto;border:1px solid var(--line);border-radius:.6rem;background:var(--panel)}
        table{border-collapse:separate;border-spacing:0;width:100%;font-size:.86rem;font-variant-numeric:tabular-nums}
        th,td{text-align:left;padding:.38rem .7rem;border-bottom:1px solid var(--line);vertical-align:top;
        font-weight:400}
        tbody tr:last-child>*{border-bottom:0}
        thead th{position:sticky;top:0;background:var(--panel);z-index:2;white-space:nowrap;font-weight:600}
        thead button{background:none;border:0;padding:0;font-weight:600;color:var(--muted)}
        thead button:hover{color:var(--ink)}
        th[aria-sort=ascending] button::after{content:" ↑"}th[aria-sort=descending] button::after{content:" ↓"}
        .number{text-align:right;white-space:nowrap}.shape{white-space:nowrap}
        tbody tr:hover>*{background:light-dark(#f3f6f9,#212a33)}
        .second{display:block;color:var(--muted);font-size:.92em;overflow-wrap:anywhere;unicode-bidi:isolate}
        .table{max-height:44rem;overflow:auto}
        .controls{display:flex;flex-wrap:wrap;gap:.5rem .9rem;align-items:center;margin:.6rem 0 .7rem;font-size:.9rem}
        .controls fieldset{border:0;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.2rem .8rem}
        .controls legend{float:left;margin-right:.6rem;color:var(--muted)}
        input[type=search]{font:inherit;color:inherit;background:var(--panel);border:1px solid var(--line);
        border-radius:.4rem;padding:.25rem .6rem;min-width:12rem}
        input{accent-color:var(--accent)}
        .check{display:inline-flex;gap:.35rem;align-items:center}
        [hidden]{display:none!important}
        html:not(.script) .only-script{display:none}
        footer{color:var(--muted);font-size:.85rem;border-top:1px solid var(--line);padding-top:1rem;
        padding-bottom:2.5rem}
        @media (max-width:40rem){header.top,main,footer{padding-left:.9rem;padding-right:.9rem}h1{font-size:1.4rem}
        .notes{grid-template-columns:1fr}section{margin:1.8rem 0}}
        @media print{:root,:root[data-theme]{color-scheme:light}body{font-size:10pt;background:#fff}
        .only-script,.skip,#theme{display:none!important}.scroll,.table{overflow:visible;max-height:none;border:0}
        thead th{position:static}section,article,figure{break-inside:avoid}#values,#network{break-inside:auto}
        tr,.card{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
        table{font-size:7pt}th,td{padding:.15rem .3rem}}
        @media (prefers-reduced-motion:no-preference){html{scroll-behavior:smooth}}
        @media (forced-colors:active){.cell,.bar,.swatch{forced-color-adjust:none}}

        """
}
