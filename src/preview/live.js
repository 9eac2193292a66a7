// Loads a page of the server again when rules or pages have changed.
'use strict';
{
  const { served } = JSON.parse(document.getElementById('data').textContent);
  new EventSource('/changes').onmessage = (event) => {
    if (event.data !== String(served)) location.reload();
  };
}
