//! Tables of worked numbers for every rule with a number in it, on one strangle whose worth is easy to compute.

mod desk;
mod loss;
mod others;
mod profit;
