"""What the comparison itself must get right: python3 -m unittest discover benches/peers"""
import unittest

import answers
from facts import comparable, values_lost
from query import queries


class Answers(unittest.TestCase):
    def test_the_order_of_rows_does_not_matter(self):
        self.assertTrue(answers.same([["a", 1], ["b", None]], [["b", None], ["a", 1]]))

    def test_a_row_twice_is_not_a_row_once(self):
        self.assertFalse(answers.same([["a"], ["a"], ["b"]], [["a"], ["b"], ["b"]]))
        self.assertFalse(answers.same([["a"]], [["a"], ["a"]]))

    def test_floats_may_differ_in_the_last_digits_only(self):
        self.assertTrue(answers.same([[0.1 + 0.2, "x"]], [[0.3, "x"]]))
        self.assertFalse(answers.same([[1.00000001]], [[1.0]]))

    def test_a_last_digit_does_not_pair_the_wrong_rows(self):
        ours = [[1.0000000000000002, "x"], [1.0, "y"]]
        theirs = [[1.0, "x"], [1.0000000000000002, "y"]]
        self.assertTrue(answers.same(ours, theirs))

    def test_integers_are_equal_or_not(self):
        self.assertFalse(answers.same([[10**15]], [[10**15 + 1]]))
        self.assertTrue(answers.same([[3]], [[3.0]]))

    def test_null_is_no_value(self):
        for value in (0, "", "None", 0.0):
            self.assertFalse(answers.same([[None]], [[value]]))

    def test_a_time_is_the_same_however_it_is_written(self):
        self.assertTrue(answers.same([["2025-10-01T00:00:00Z"]], [["2025-10-01 00:00:00.000+00:00"]]))
        self.assertFalse(answers.same([["2025-10-01T00:00:00Z"]], [["2025-10-01T00:00:00.001Z"]]))


class Facts(unittest.TestCase):
    def test_a_field_is_found_under_the_name_that_an_engine_gave_it(self):
        for name in ("ProcessID_2", "processid", "ProcessId_1"):
            self.assertEqual(comparable(name), comparable("ProcessID"))

    def test_values_are_lost_by_field(self):
        before = {"values": {"a": 3, "A": 2, "b c": 4, "d": 1}}
        self.assertEqual(values_lost(before, {"values": {"a": 3, "a_1": 2, "b_c": 4, "d": 9}}), (0, []))
        self.assertEqual(values_lost(before, {"values": {"a": 4, "b_c": 1, "more": 99}}), (5, ["b_c", "a", "d"]))


class Queries(unittest.TestCase):
    def test_fifteen_are_at_the_core_and_no_two_have_one_name(self):
        every = queries()
        self.assertEqual(sum(query.core for query in every), 15)
        self.assertEqual(len({query.id for query in every}), len(every))


if __name__ == "__main__":
    unittest.main()
