/// How a result was computed. The raw value is the text that goes into outputs.
public enum StatisticalMethod: String, Sendable, Hashable, CaseIterable {
  /// CLs of a Poisson count with a known background in closed form, outcomes ordered by the count.
  case exactCLs = "CLs, exact Poisson, known background, ordered by count"
  /// Quantiles of a limit over background-only outcomes, by the full sum over the count.
  case expectedFullSum = "expected under background only, full sum over the count"
  /// Poisson tail probability with a known background.
  case exactPoissonTail = "exact Poisson tail, known background"
  /// Central interval of a Poisson mean (Garwood 1936).
  case garwood = "Garwood"
  /// Central interval of a binomial probability (Clopper and Pearson 1934).
  case clopperPearson = "Clopper-Pearson"
  // Sequential inference, valid at any time.
  /// Evidence of a mixture likelihood ratio, its largest value so far (Ville 1939; Robbins 1970).
  case anytimeMixture = "anytime-valid, mixture likelihood ratio"
  /// Confidence sequence for a signal rate: the inverted family of mixture likelihood ratios.
  case confidenceSequence = "anytime-valid confidence sequence, mixture likelihood ratio"

  // Intervals of a signal over a background; products of counts.
  /// Unified construction (Feldman and Cousins 1998), known background.
  case feldmanCousins = "Feldman-Cousins, known background"
  /// The same, the upper end made non-increasing in the background, as in the published tables.
  case feldmanCousinsMonotonic = "Feldman-Cousins, known background, upper end monotonic in the background"
  /// Unified construction, background and efficiency averaged over their uncertainties.
  case feldmanCousinsMarginal = "Feldman-Cousins, background and efficiency marginalised"
  /// Unified construction at the background that fits best with each signal.
  case feldmanCousinsProfile = "Feldman-Cousins, profile construction"
  /// Profile likelihood of Rolke, López and Conrad, signal not below 0.
  case rolkeBounded = "Rolke-López-Conrad, bounded"
  /// The same, the likelihood's maximum taken also at a signal below 0.
  case rolkeUnbounded = "Rolke-López-Conrad, unbounded"
  /// Profile likelihood of a product and quotient of counts.
  case countProduct = "profile likelihood of a product of counts"
  /// Ratio of two Poisson means by the binomial distribution of their counts, given the sum.
  case conditionalBinomial = "ratio of Poisson means, conditional binomial"

  // Uncertain background and efficiency.
  /// CLs of a count with background and efficiency averaged over their uncertainties, ordered by the count.
  case marginalCLs = "CLs, exact, background and efficiency marginalised, ordered by count"
  /// Tail probability of a count, averaged over the uncertainty of the background.
  case marginalPoissonTail = "exact Poisson tail, background marginalised"
  /// Binomial test of on and off counts (Z_Bi).
  case binomialOnOff = "binomial test of on and off counts (Z_Bi)"
  /// Profile likelihood ratio of on and off counts, asymptotic (Li and Ma 1983).
  case liMa = "profile likelihood ratio, asymptotic (Li-Ma)"
  /// Significance expected for a signal, from the Asimov data set (Cowan, Cranmer, Gross, Vitells 2011).
  case asimov = "expected, Asimov data, asymptotic"
  /// CLs by the asymptotic formulas of the profile likelihood ratio.
  case asymptoticCLs = "CLs, asymptotic, profile likelihood ratio"
  /// Expected CLs limits by the asymptotic formulas, from the Asimov data set.
  case expectedAsymptoticCLs = "expected CLs under background only, asymptotic, Asimov data"
  /// CLs by summing over all counts and auxiliary counts, nuisance parameters at their conditional fit.
  case enumeratedCLs = "CLs, exact sum over counts and auxiliary counts, nuisance parameters profiled"
  /// The same, by toys.
  case toyCLs = "CLs, toys, nuisance parameters profiled"
  /// Interval where the profile likelihood ratio stays below its quantile.
  case profileLikelihood = "profile likelihood ratio interval"
  /// CLs of several channels by summing over all their counts, backgrounds and efficiencies marginalised.
  case combinedCLs = "CLs, exact sum over the counts of all channels, marginalised"
  /// Quantiles of the same over background-only outcomes.
  case expectedCombinedCLs =
    "expected CLs of several channels under background only, exact sum over their counts"
  /// Posterior with a flat prior of the signal.
  case bayesianFlat = "Bayesian, flat prior"
  /// Posterior with the Jeffreys prior of the signal over the central background.
  case bayesianJeffreys = "Bayesian, Jeffreys prior"
}

/// Which tail of the distribution a result speaks of. The raw value is the text that goes into outputs.
public enum TailConvention: String, Sendable, Hashable, CaseIterable {
  /// An upper limit that uses the whole of 1 - CL on one side, normalised as CLs.
  case oneSidedUpperCLs = "one-sided upper, CLs"
  /// An excess: the probability of as many counts or more.
  case oneSidedExcess = "one-sided, excess"
  /// A central interval: (1 - CL)/2 in each tail.
  case central = "two-sided, central"
  // Sequential inference, valid at any time.
  /// An excess at any time of the run.
  case anytimeExcess = "one-sided, excess, anytime-valid"
  /// A deficit at any time of the run.
  case anytimeDeficit = "one-sided, deficit, anytime-valid"
  /// An excess or a deficit at any time of the run.
  case anytimeEither = "excess or deficit, anytime-valid"
  /// An upper limit that holds at all times of the run at once.
  case anytimeUpper = "one-sided upper, anytime-valid"
  /// A lower limit that holds at all times of the run at once.
  case anytimeLower = "one-sided lower, anytime-valid"
  /// An interval that holds at all times of the run at once, (1 - CL)/2 on each side.
  case anytimeCentral = "two-sided, central, anytime-valid"

  /// An interval whose tails follow from the order of the outcomes, upper limit or two-sided by itself.
  case unified = "two-sided, unified (ends by the ordering)"

  /// An upper limit with the whole of 1 - CL above it, not divided by anything.
  case oneSidedUpper = "one-sided upper"
  /// The shortest interval of the posterior, or the one of a likelihood ratio: either end may be at the bound.
  case shortest = "two-sided, highest density"
  /// Both sides of the best fit by the likelihood ratio.
  case likelihoodRatio = "two-sided, likelihood ratio"
}
