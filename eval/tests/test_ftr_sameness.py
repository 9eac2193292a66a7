"""eval/ftr_sameness.py over invented rules. Needs nothing but Python: what becomes of a rule is said by a
table, not by examples/which.rs."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
import ftr_sameness


class Table:
    """Stands for examples/which.rs: an expression becomes the last word of it, if that is an element."""

    def ask(self, **request):
        return [self.become(expression) for expression in request["import"]]

    def become(self, expression):
        parts = [part.strip().rsplit("/", 1)[1] for part in expression.split("|")]
        elements = [part for part in parts if not part.startswith("@")]
        lost = ["an attribute"] * (len(parts) - len(elements))
        return ", ".join(elements) or None, lost


class Rules(unittest.TestCase):
    def test_values_of_strip_lines(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            lines = "\ufeffstrip: //p\r\nbody: //main\r\n# strip: //i\r\n strip : //b[@a=':']\r\nstrip:\r\n"
            (folder / "a.example.txt").write_text(lines, encoding="utf-8")
            (folder / "b.example.txt").write_text("strip://p\nstrip_id_or_class: x\n", encoding="utf-8")
            (folder / "README.md").write_text("strip: //q\n", encoding="utf-8")
            self.assertEqual(ftr_sameness.strips(folder), {"//p": 2, "//b[@a=':']": 1})

    def test_branches(self):
        for expression, parts in (
            ("//a", ["//a"]),
            ("//a | //b|//c", ["//a", "//b", "//c"]),
            ("(//a|//b)[1]", ["(//a|//b)[1]"]),
            ("//a[b|c] | //d", ["//a[b|c]", "//d"]),
            ("//a[.='|'] | //b[.=\"'|\"]", ["//a[.='|']", "//b[.=\"'|\"]"]),
        ):
            self.assertEqual(ftr_sameness.branches(expression), parts)

    def test_where_an_expression_begins(self):
        for expression, meant in (
            ("//a", "//a"),
            ("(//a)[1]", "(//a)[1]"),
            ("/html/body", "/html/body"),
            ("a[@b] | //c", "//a[@b] | //c"),
            (".//a", ".//a"),
        ):
            self.assertEqual(ftr_sameness.anywhere(expression), meant)

    def test_what_a_page_cannot_be_without(self):
        for expression, words in (
            ("//a[@class='box promo']", ["box", "promo"]),
            ("//a[contains(., \"don't-go\")]", ["don", "t", "go"]),
            ("//a[@x and @y='z']", ["z"]),
            ("//a[@x='y' or @x='z']", []),
            ("//a[@x='and or']", ["and", "or"]),
            ("//a[not(@x='y')]", []),
            ("//a[@x!='y']", []),
            ("//a[@x='y'] | //b", []),
            ("//a[translate(@x, 'A', 'a')='a']", []),
            ("//*[local-name()='svg']", []),
            ("//a[. = ' - ']", []),
            ("//a", []),
        ):
            self.assertEqual(ftr_sameness.needles(expression), words, expression)

    def test_what_becomes_a_selector_in_part_is_tried_in_part(self):
        values = ["//p", "//p/@id", "//i | //i/@id", "//i", "//a/@b | //b/@a"]
        rules, lost = ftr_sameness.converted(values, Table())
        self.assertEqual(rules, [("//p", "p"), ("//i", "i")])
        self.assertEqual(len(lost), 2)


if __name__ == "__main__":
    unittest.main()
