/// Scripts of pages. A page says everything without them; they sort, search and point. They touch text by `textContent`
/// alone, so that nothing in it can become markup.
enum PageScript {
    /// The theme's button and tables that can be sorted and searched.
    static let common = """
        "use strict";
        document.documentElement.classList.add("script");
        {
          const button = document.getElementById("theme"), root = document.documentElement;
          const themes = ["automatic", "light", "dark"];
          let theme = 0;
          button.hidden = false;
          button.addEventListener("click", () => {
            theme = (theme + 1) % themes.length;
            if (theme) root.dataset.theme = themes[theme]; else delete root.dataset.theme;
            button.textContent = "Theme: " + themes[theme];
          });
          addEventListener("beforeprint", () => {
            for (const details of document.querySelectorAll("details")) details.open = true;
          });
        }
        function sortable(table) {
          const body = table.tBodies[0], heads = [...table.tHead.rows[0].cells];
          const key = (row, column) => {
            const text = row.cells[column].textContent.trim(), number = parseFloat(text.replace("∞", "Infinity"));
            return { number, text };
          };
          heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
            const isNumber = head.classList.contains("number");
            const now = head.getAttribute("aria-sort");
            const up = now === "none" ? !isNumber || column === 0 : now === "descending";
            for (const other of heads) other.setAttribute("aria-sort", "none");
            head.setAttribute("aria-sort", up ? "ascending" : "descending");
            const rows = [...body.rows].map(row => ({ row, key: key(row, column) }));
            rows.sort((a, b) => {
              if (!isNumber) return (up ? 1 : -1) * a.key.text.localeCompare(b.key.text, "en", { numeric: true });
              const [x, y] = [a.key.number, b.key.number];
              if (isNaN(x) || isNaN(y)) return isNaN(x) - isNaN(y);
              return x === y ? 0 : (up ? 1 : -1) * (x < y ? -1 : 1);
            });
            body.append(...rows.map(entry => entry.row));
          }));
        }

        """
}
