namespace AgentFunctions.Monitors.Signals;

/// <summary>Represents the usual range of a value, as an exponentially weighted mean and variance.</summary>
/// <param name="Count">How many values were seen.</param>
/// <param name="Mean">The usual value.</param>
/// <param name="Variance">The square of the usual spread.</param>
public sealed record Baseline(long Count = 0, double Mean = 0, double Variance = 0)
{
    /// <summary>About the last 200 values count.</summary>
    private const double Weight = 0.01;

    private const int EnoughValues = 20;

    internal Baseline With(double value)
    {
        // The first values weigh alike, so that the mean is right at once.
        double weight = Math.Max(Weight, 1.0 / (Count + 1));
        double delta = value - Mean;
        return new Baseline(Count + 1, Mean + (weight * delta), (1 - weight) * (Variance + (weight * delta * delta)));
    }

    /// <summary>How many standard deviations a value is from the usual one; 0 while too few are known.</summary>
    internal double DeviationOf(double value)
    {
        if (Count < EnoughValues)
        {
            return 0;
        }

        // A value that has hardly ever moved must not turn a ripple into an alarm.
        double spread = Math.Max(Math.Sqrt(Variance), Math.Max(Math.Abs(Mean) * 0.02, 1e-9));
        return Math.Abs(value - Mean) / spread;
    }
}
