// Light or dark: as the system says, or as was chosen, which is kept in this browser.

import { byId } from './dom.js';

const KEY = 'spillway.theme';
const NAMES = ['system', 'light', 'dark'];

function stored() {
  try {
    const value = localStorage.getItem(KEY);
    return NAMES.includes(value) ? value : 'system';
  } catch {
    return 'system'; // storage is refused: the choice holds for this page alone
  }
}

/** Puts the choice into force, and calls back whenever colours change. */
export function startTheme(onChange) {
  const select = byId('theme');
  const apply = (name) => {
    if (name === 'system') document.documentElement.removeAttribute('data-theme');
    else document.documentElement.setAttribute('data-theme', name);
    onChange();
  };
  select.value = stored();
  apply(select.value);
  select.addEventListener('change', () => {
    try {
      localStorage.setItem(KEY, select.value);
    } catch {
      // As above.
    }
    apply(select.value);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', onChange);
}
