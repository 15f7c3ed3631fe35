// Before anything is painted: the theme that was chosen the last time.
try {
  const theme = localStorage.getItem("kms-conformance-theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch { /* no storage: the system's theme */ }
