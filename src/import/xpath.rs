//! XPath expressions of the shapes that ftr-site-config has, as selectors.
