// The list of pages: fills in what would go of each, some pages at a time.
'use strict';
{
  const { kinds, served } = JSON.parse(document.getElementById('data').textContent);
  const rows = [...document.querySelectorAll('tr[data-page]')];
  const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(1)}` : '–');

  function fill(row, { report, problem }) {
    const cells = row.querySelectorAll('td');
    const note = cells[cells.length - 1];
    if (problem) {
      note.textContent = problem;
      return;
    }
    let gone = 0;
    kinds.forEach((kind, i) => {
      const tally = report.dropped[kind];
      if (tally) cells[i + 1].textContent = percent(tally.text, report.text);
      gone += tally?.text ?? 0;
    });
    cells[0].textContent = percent(gone, report.text);
    const notes = [report.truncated && 'cut short', report.undecided && `${report.undecided} undecided`, report.unfiltered];
    note.textContent = notes.filter(Boolean).join(', ');
  }

  async function fillAll() {
    for (let i = 0; i < rows.length;) {
      const pages = rows.slice(i, i + 32).map((row) => row.dataset.page);
      const answer = await fetch(`/reports/${pages.join(',')}`);
      if (!answer.ok) return;
      // The server answers for as many as it has done in a moment.
      const reports = await answer.json();
      reports.forEach((report, n) => fill(rows[i + n], report));
      i += Math.max(reports.length, 1);
    }
    document.documentElement.dataset.ready = String(served);
  }

  fillAll();
}
