extension PageScript {
    /// What the page of a verification adds: the table's filters, and the chart's cursor.
    static let verification = """
        {
          const table = document.getElementById("table"), rows = [...table.tBodies[0].rows];
          const search = document.getElementById("search"), shown = document.getElementById("shown");
          const chip = document.getElementById("chip"), controls = document.getElementById("controls");
          const boxes = [...controls.querySelectorAll("input[type=checkbox]")];
          let segment = null;
          sortable(table);
          const texts = rows.map(row => row.textContent.toLowerCase());
          const filter = () => {
            const words = search.value.toLowerCase().split(/\\s+/).filter(word => word);
            const verdicts = new Set(boxes.filter(box => box.checked).map(box => box.value));
            let count = 0;
            rows.forEach((row, index) => {
              const fits = verdicts.has(row.dataset.v) && (segment === null || row.dataset.s === segment)
                && words.every(word => texts[index].includes(word));
              row.hidden = !fits;
              if (fits) count += 1;
            });
            shown.textContent = (count === rows.length ? "" : count + " of ") + rows.length + " values";
            chip.hidden = segment === null;
          };
          search.addEventListener("input", filter);
          controls.addEventListener("change", filter);
          controls.addEventListener("submit", event => event.preventDefault());
          chip.addEventListener("click", () => { segment = null; filter(); });
          for (const button of document.querySelectorAll("[data-show]")) button.addEventListener("click", () => {
            segment = button.dataset.show;
            chip.textContent = "only " + button.dataset.name + " ✕";
            filter();
            document.getElementById("values").scrollIntoView();
            search.focus({ preventScroll: true });
          });
          filter();

          const chart = document.querySelector(".growth");
          if (chart) {
            const slider = document.getElementById("position"), output = document.getElementById("readout");
            const cursor = document.getElementById("cursor"), count = +chart.dataset.count;
            const byIndex = new Map();
            for (const row of rows) if (!byIndex.has(row.dataset.i)) byIndex.set(row.dataset.i, row);
            const cell = (row, column) => row.cells[column].textContent.trim();
            let current = null;
            const show = index => {
              const row = byIndex.get(String(index));
              if (!row) return;
              const x = count > 1 ? 56 + 888 * index / (count - 1) : 500;
              cursor.setAttribute("d", "M" + x.toFixed(1) + " 28V290");
              const name = row.cells[1].querySelector(".name").textContent;
              let text = name + " — " + cell(row, 2);
              if (cell(row, 3) !== "–") text += ", " + cell(row, 3) + " × noise";
              if (row.dataset.e) text += ", relative RMS error " + row.dataset.e;
              if (cell(row, 4) !== "–") text += ", by itself " + cell(row, 4) + " ×";
              if (cell(row, 6) !== "–") text += ", largest error " + cell(row, 6);
              const layer = row.cells[10].querySelector(".name"), kind = row.cells[10].querySelector(".second");
              if (layer && layer.textContent !== name) text += " — from " + layer.textContent;
              if (kind) text += " (" + kind.textContent + ")";
              output.textContent = text;
              slider.setAttribute("aria-valuetext", text);
              slider.value = index;
              if (current) current.removeAttribute("aria-current");
              row.setAttribute("aria-current", "true");
              current = row;
            };
            const reveal = () => {
              const frame = chart.parentElement, x = 56 + 888 * slider.value / Math.max(count - 1, 1);
              frame.scrollLeft = x / 960 * chart.scrollWidth - frame.clientWidth / 2;
            };
            slider.addEventListener("input", () => { show(+slider.value); reveal(); });
            const point = event => {
              const box = chart.getBoundingClientRect(), style = getComputedStyle(chart);
              const left = parseFloat(style.paddingLeft), width = box.width - left - parseFloat(style.paddingRight);
              const x = (event.clientX - box.left - left) / width * 960;
              show(Math.max(0, Math.min(count - 1, Math.round((x - 56) / 888 * (count - 1)))));
            };
            chart.addEventListener("pointermove", point);
            chart.addEventListener("pointerdown", point);
            document.getElementById("network").addEventListener("pointerover", event => {
              const square = event.target.closest("[data-i]");
              if (square) show(+square.dataset.i);
            });
            table.addEventListener("click", event => {
              const row = event.target.closest("tbody tr");
              if (row) show(+row.dataset.i);
            });
            show(+slider.value);
            reveal();
          }
        }

        """
}
