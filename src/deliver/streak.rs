//! Tells a run of bad luck from bad standing: refusals in a row, and their part of the last so many.

use std::collections::VecDeque;

/// When refusals are too many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience {
    /// So many in a row.
    pub(super) in_a_row: u32,
    /// Or more than so many of the last `window`.
    pub(super) of_window: usize,
    /// How many are looked back at.
    pub(super) window: usize,
}

/// Outcomes in order.
#[derive(Debug)]
pub(super) struct Streak {
    patience: Patience,
    in_a_row: u32,
    last: VecDeque<bool>,
    refused: usize,
}

impl Streak {
    pub(super) fn new(patience: Patience) -> Self {
        Self {
            patience,
            in_a_row: 0,
            last: VecDeque::new(),
            refused: 0,
        }
    }

    /// Whether nothing speaks against anybody.
    pub(super) fn is_clean(&self) -> bool {
        self.refused == 0
    }

    /// One more outcome; `true` when it was one refusal too many. Then counting begins anew.
    pub(super) fn note(&mut self, refused: bool) -> bool {
        self.in_a_row = if refused { self.in_a_row + 1 } else { 0 };
        self.last.push_back(refused);
        self.refused += usize::from(refused);
        if self.last.len() > self.patience.window && self.last.pop_front() == Some(true) {
            self.refused -= 1;
        }
        let is_full = self.last.len() == self.patience.window;
        let is_over = self.in_a_row >= self.patience.in_a_row || (is_full && self.refused > self.patience.of_window);
        if refused && is_over {
            *self = Self::new(self.patience);
            return true;
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Patience = Patience {
        in_a_row: 5,
        of_window: 10,
        window: 50,
    };

    #[test]
    fn five_refusals_in_a_row_are_too_many_and_four_are_not() {
        let mut streak = Streak::new(PATIENCE);
        let told: Vec<bool> = [true, true, true, true, false, true, true, true, true, true]
            .map(|refused| streak.note(refused))
            .into();
        assert_eq!(told.iter().position(|over| *over), Some(9));
    }

    #[test]
    fn every_fourth_refusal_is_too_many_once_there_are_enough_to_judge() {
        let mut streak = Streak::new(PATIENCE);
        let over = (1..=200).find(|n| streak.note(n % 4 == 0));
        assert_eq!(over, Some(52), "judged over a full window, at a refusal");
        let mut streak = Streak::new(PATIENCE);
        assert_eq!((1..=500).find(|n| streak.note(n % 6 == 0)), None);
    }
}
