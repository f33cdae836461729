extension PageScript {
    /// What the page of a network adds: zooming and moving, boxes that open, the search.
    static let network = """
        for (const table of document.querySelectorAll("table")) sortable(table);
        const data = JSON.parse(document.getElementById("data").textContent);
        const view = document.getElementById("view"), detail = document.getElementById("detail");
        const layers = data.layers, units = data.units;
        const make = (tag, text, style) => {
          const element = document.createElement(tag);
          if (text !== undefined && text !== null) element.textContent = text;
          if (style) element.className = style;
          return element;
        };
        const drawn = (tag, attributes) => {
          const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
          for (const key in attributes) element.setAttribute(key, attributes[key]);
          return element;
        };
        const grouped = number => number === null ? "?" : number.toLocaleString("en");
        const byUnit = new Map(), byLayer = new Map(), runOf = new Map();
        layers.unit.forEach((unit, layer) => {
          if (!byUnit.has(unit)) byUnit.set(unit, []);
          byUnit.get(unit).push(layer);
        });
        data.tensors.forEach((tensor, index) => {
          if (tensor.layer === null) return;
          if (!byLayer.has(tensor.layer)) byLayer.set(tensor.layer, []);
          byLayer.get(tensor.layer).push(index);
        });
        for (const unit in data.runs) for (const member of data.runs[unit]) runOf.set(member, +unit);

        // Zooming and moving.
        let svg = view.querySelector("svg"), scale = 1;
        const size = () => svg.viewBox.baseVal;
        const fitting = () => Math.min(1.4, Math.max(.2, (view.clientWidth - 4) / size().width));
        const zoom = (wanted, x, y) => {
          const next = Math.min(6, Math.max(.12, wanted)), box = view.getBoundingClientRect();
          const atX = (x === undefined ? box.width / 2 : x - box.left), atY = (y === undefined ? box.height / 2 : y - box.top);
          const left = (view.scrollLeft + atX) / scale, top = (view.scrollTop + atY) / scale;
          scale = next;
          svg.setAttribute("width", (size().width * scale).toFixed(1));
          svg.setAttribute("height", (size().height * scale).toFixed(1));
          view.scrollLeft = left * scale - atX;
          view.scrollTop = top * scale - atY;
        };
        const fit = () => { zoom(fitting()); view.scrollLeft = view.scrollTop = 0; };
        document.getElementById("larger").addEventListener("click", () => zoom(scale * 1.25));
        document.getElementById("smaller").addEventListener("click", () => zoom(scale / 1.25));
        document.getElementById("fit").addEventListener("click", fit);
        document.getElementById("actual").addEventListener("click", () => zoom(1));
        view.addEventListener("wheel", event => {
          if (!event.ctrlKey && !event.metaKey) return;
          event.preventDefault();
          zoom(scale * Math.exp(-event.deltaY / 400), event.clientX, event.clientY);
        }, { passive: false });
        let grip = null, moved = false;
        view.addEventListener("pointerdown", event => {
          moved = false;
          if (event.pointerType !== "mouse" || event.button) return;
          grip = { x: event.clientX, y: event.clientY, left: view.scrollLeft, top: view.scrollTop };
        });
        addEventListener("pointermove", event => {
          if (!grip) return;
          if (Math.abs(event.clientX - grip.x) + Math.abs(event.clientY - grip.y) > 4) moved = true;
          if (!moved) return;
          view.classList.add("moving");
          view.scrollLeft = grip.left - event.clientX + grip.x;
          view.scrollTop = grip.top - event.clientY + grip.y;
        });
        addEventListener("pointerup", () => { grip = null; view.classList.remove("moving"); });

        // Boxes: one of them is in the order of focus, arrow keys go on to others.
        let boxes = [];
        const show = element => {
          const box = element.getBoundingClientRect(), frame = view.getBoundingClientRect();
          if (box.left < frame.left || box.right > frame.right)
            view.scrollLeft += box.left - frame.left - (frame.width - box.width) / 2;
          if (box.top < frame.top || box.bottom > frame.bottom)
            view.scrollTop += box.top - frame.top - (frame.height - box.height) / 2;
        };
        const ready = () => {
          boxes = [...svg.querySelectorAll("[data-u]")];
          boxes.forEach((box, index) => box.setAttribute("tabindex", index ? "-1" : "0"));
        };
        const go = (from, step) => {
          const next = boxes[boxes.indexOf(from) + step];
          if (!next) return;
          from.setAttribute("tabindex", "-1");
          next.setAttribute("tabindex", "0");
          next.focus({ preventScroll: true });
          show(next);
        };
        view.addEventListener("click", event => {
          const box = event.target.closest("[data-u]");
          if (box && !moved) reveal(+box.dataset.u);
        });
        view.addEventListener("keydown", event => {
          const box = event.target.closest("[data-u]");
          const zooms = { "+": 1.25, "=": 1.25, "-": .8, "_": .8 };
          if (event.ctrlKey || event.metaKey || event.altKey) return;
          if (zooms[event.key]) zoom(scale * zooms[event.key]);
          else if (event.key === "0") fit();
          else if (event.key === "1") zoom(1);
          else if (box && (event.key === "ArrowRight" || event.key === "ArrowDown")) go(box, 1);
          else if (box && (event.key === "ArrowLeft" || event.key === "ArrowUp")) go(box, -1);
          else if (box && event.key === "Home") go(box, -boxes.indexOf(box));
          else if (box && event.key === "End") go(box, boxes.length - 1 - boxes.indexOf(box));
          else if (box && (event.key === "Enter" || event.key === " ")) reveal(+box.dataset.u);
          else return;
          event.preventDefault();
        });

        // What a box opens to.
        let opened = null;
        const mark = unit => {
          for (const box of svg.querySelectorAll("[aria-current]")) box.removeAttribute("aria-current");
          let box = svg.querySelector(`[data-u="${unit}"]`);
          if (!box && runOf.has(unit)) box = svg.querySelector(`[data-u="${runOf.get(unit)}"]`);
          if (box) { box.setAttribute("aria-current", "true"); show(box); }
          return box;
        };
        const histogram = tensor => {
          const width = 260, height = 64, most = Math.max(1, ...tensor.counts), count = tensor.counts.length || 1;
          const graph = drawn("svg", { viewBox: `0 0 ${width} ${height + 16}`, class: "bars", role: "img",
            "aria-label": `Histogram from ${tensor.from} to ${tensor.to}` });
          let path = "";
          tensor.counts.forEach((value, index) => {
            if (!value) return;
            const tall = Math.max(1, value / most * height);
            path += `M${(index / count * width + .5).toFixed(1)} ${height}v${(-tall).toFixed(1)}h${(width / count - 1).toFixed(1)}V${height}z`;
          });
          graph.append(drawn("path", { d: path, class: "bar" }), drawn("path", { d: `M0 ${height}H${width}`, class: "axis" }));
          for (const [text, x, anchor] of [[tensor.from, 0, "start"], [tensor.to, width, "end"]]) {
            const label = drawn("text", { x, y: height + 12, "text-anchor": anchor });
            label.textContent = text;
            graph.append(label);
          }
          return graph;
        };
        const figure = tensor => {
          const element = make("figure", null, "weight"), caption = make("figcaption");
          caption.append(make("span", tensor.name, "name"), make("span", `${tensor.type} ${tensor.shape}`, "second"));
          const facts = [`mean ${tensor.mean}`, `deviation ${tensor.deviation}`, `${tensor.least} … ${tensor.most}`];
          if (tensor.zeros) facts.push(`${tensor.zeros} zeros`);
          caption.append(make("span", facts.join(" · "), "second"));
          element.append(caption);
          if (tensor.counts.length) element.append(histogram(tensor));
          return element;
        };
        const table = own => {
          const frame = make("div", null, "scroll"), element = make("table"), head = make("tr"), body = make("tbody");
          for (const [title, style] of [["layer"], ["operator"], ["output"], ["parameters", "number"], ["multiply-adds", "number"]]) {
            const cell = make("th", title, style);
            cell.scope = "col";
            head.append(cell);
          }
          for (const layer of own) {
            const row = make("tr"), name = make("th");
            name.scope = "row";
            name.append(make("span", layers.names[layer], "name"));
            row.id = "layer-" + layer;
            row.append(name, make("td", layers.operators[layers.kind[layer]]), make("td", layers.shape[layer] ?? "?", "shape"),
              make("td", grouped(layers.parameters[layer]), "number"), make("td", grouped(layers.multiplyAdds[layer]), "number"));
            body.append(row);
          }
          const top = make("thead");
          top.append(head);
          element.append(top, body);
          frame.append(element);
          return frame;
        };
        const most = 400;
        const reveal = (unit, layer) => {
          opened = unit;
          mark(unit);
          const entry = units[unit], own = byUnit.get(unit) ?? [];
          detail.replaceChildren();
          const title = make("h3");
          title.append(make("span", entry ? entry.title : "box " + unit, "name"));
          detail.append(title);
          const run = runOf.has(unit) ? data.runs[runOf.get(unit)] : null;
          if (run) {
            const label = make("label", `One of ${run.length} alike: `), select = make("select");
            select.id = "member";
            run.forEach((member, index) => {
              const option = make("option", `${index + 1}: ${units[member] ? units[member].title : member}`);
              option.value = member;
              option.selected = member === unit;
              select.append(option);
            });
            select.addEventListener("change", () => { reveal(+select.value); document.getElementById("member").focus(); });
            label.append(select);
            detail.append(label);
          }
          const facts = make("dl", null, "facts");
          for (const [name, value] of entry ? entry.facts : []) {
            const pair = make("div");
            pair.append(make("dt", name), make("dd", value));
            facts.append(pair);
          }
          detail.append(facts, table(own.slice(0, most)));
          if (own.length > most) detail.append(make("p", `and ${grouped(own.length - most)} more layers`, "muted"));
          const tensors = own.slice(0, most).flatMap(layer => byLayer.get(layer) ?? []);
          if (tensors.length) {
            const grid = make("div", null, "weights");
            for (const index of tensors.slice(0, most)) grid.append(figure(data.tensors[index]));
            detail.append(make("h4", "Weights"), grid);
          }
          if (layer !== undefined) document.getElementById("layer-" + layer)?.setAttribute("aria-current", "true");
        };

        // The search.
        const find = document.getElementById("find"), hits = document.getElementById("hits");
        const count = document.getElementById("count");
        let found = [], active = -1, index = null;
        const entries = () => {
          if (index) return index;
          index = [];
          units.forEach((unit, at) => { if (unit.block !== undefined) index.push({ kind: "block", name: unit.title, unit: at }); });
          layers.names.forEach((name, at) => index.push({ kind: "layer", name, unit: layers.unit[at], layer: at }));
          for (const tensor of data.tensors)
            index.push({ kind: "tensor", name: tensor.name, unit: layers.unit[tensor.layer] ?? -1, layer: tensor.layer });
          for (const entry of index) entry.text = entry.name.toLowerCase();
          return index;
        };
        const close = () => { hits.hidden = true; find.setAttribute("aria-expanded", "false"); find.removeAttribute("aria-activedescendant"); active = -1; };
        const choose = entry => {
          close();
          if (entry.unit < 0) { count.textContent = entry.name + " belongs to no box"; return; }
          reveal(entry.unit, entry.layer ?? undefined);
          detail.focus({ preventScroll: true });
          detail.scrollIntoView({ block: "nearest" });
        };
        const point = next => {
          active = next;
          [...hits.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === active)));
          if (active >= 0) {
            find.setAttribute("aria-activedescendant", "hit-" + active);
            hits.children[active].scrollIntoView({ block: "nearest" });
          }
        };
        find.addEventListener("input", () => {
          const words = find.value.toLowerCase().split(/\\s+/).filter(word => word);
          hits.replaceChildren();
          if (!words.length) { close(); count.textContent = ""; return; }
          const all = entries().filter(entry => words.every(word => entry.text.includes(word)));
          found = all.slice(0, 40);
          found.forEach((entry, at) => {
            const item = make("li");
            item.id = "hit-" + at;
            item.setAttribute("role", "option");
            item.setAttribute("aria-selected", "false");
            item.append(make("span", entry.name, "name"), make("span", " " + entry.kind, "muted"));
            item.addEventListener("pointerdown", event => { event.preventDefault(); choose(entry); });
            hits.append(item);
          });
          hits.hidden = !found.length;
          find.setAttribute("aria-expanded", String(!!found.length));
          count.textContent = all.length === 1 ? "1 found" : grouped(all.length) + " found";
          active = -1;
        });
        find.addEventListener("keydown", event => {
          if (event.key === "ArrowDown") point(Math.min(active + 1, found.length - 1));
          else if (event.key === "ArrowUp") point(Math.max(active - 1, 0));
          else if (event.key === "Escape") close();
          else if (event.key === "Enter" && found.length && !hits.hidden) choose(found[Math.max(active, 0)]);
          else return;
          event.preventDefault();
        });
        find.addEventListener("blur", close);
        document.getElementById("controls").addEventListener("submit", event => event.preventDefault());

        // Every block by itself, or equal ones in one box.
        const whole = document.getElementById("whole"), fold = document.getElementById("fold");
        if (whole) {
          const both = [svg, whole.content.querySelector("svg")];
          fold.hidden = false;
          fold.addEventListener("click", () => {
            const next = svg === both[0] ? both[1] : both[0];
            svg.replaceWith(next);
            svg = next;
            fold.textContent = svg === both[0] ? "Unfold" : "Fold";
            fold.setAttribute("aria-label", svg === both[0] ? "Show every block by itself" : "Show equal blocks in one box");
            ready();
            fit();
            if (opened !== null) mark(opened);
          });
        }
        for (const row of document.querySelectorAll("[data-b]")) {
          const name = row.querySelector(".name"), button = make("button", null, "link");
          button.type = "button";
          name.replaceWith(button);
          button.append(name);
          const unit = units.findIndex(entry => entry.block === +row.dataset.b);
          button.addEventListener("click", () => {
            reveal(unit);
            document.getElementById("network").scrollIntoView();
            detail.focus({ preventScroll: true });
          });
        }
        ready();
        fit();
        addEventListener("resize", () => { if (Math.abs(scale - 1) > .001 || fitting() < 1) fit(); });

        """
}
