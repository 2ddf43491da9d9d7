namespace AgentFunctions.Models.Resilience;

/// <summary>
/// Remembers which models gave no answers a moment ago, for all runs of this process: they are left alone for a while, a longer
/// one each time, and then one call tries. A restart forgets, which costs one call that nobody charges for.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ModelOutages(TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(5);

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Outage> _outages = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Gets whether a model may be called: it is up, or it is time to try, which then is for this call alone.</summary>
    /// <param name="model">The model.</param>
    public bool MayTry(string model)
    {
        lock (_gate)
        {
            if (!_outages.TryGetValue(model, out Outage? outage))
            {
                return true;
            }

            if (Left(outage) > TimeSpan.Zero)
            {
                return false;
            }

            _outages[model] = outage with { Since = time.GetTimestamp(), For = outage.Pause };
            return true;
        }
    }

    /// <summary>Notes that a model gave no answer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="error">What its client reported.</param>
    public void Failed(string model, AgentException error)
    {
        lock (_gate)
        {
            long now = time.GetTimestamp();
            bool isKnown = _outages.TryGetValue(model, out Outage? before);
            // Calls that were under way when it began do not make it longer.
            TimeSpan pause = !isKnown ? FirstPause : time.GetElapsedTime(before!.FailedAt, now) < before.Pause / 2
                ? before.Pause
                : Shorter(before.Pause * 2, LongestPause);
            TimeSpan asked = error.RetryAfter ?? TimeSpan.Zero;
            _outages[model] = new Outage(now, now, asked > pause ? asked : pause, pause, error.Message);
        }
    }

    /// <summary>Notes that a model answered.</summary>
    /// <param name="model">The model.</param>
    /// <returns>Whether it gave no answers before.</returns>
    public bool Answered(string model)
    {
        lock (_gate)
        {
            return _outages.Remove(model);
        }
    }

    /// <summary>Gets why a model is left alone, and for how long still; <see langword="null"/> if it is up.</summary>
    /// <param name="model">The model.</param>
    public (string Why, TimeSpan Left)? Find(string model)
    {
        lock (_gate)
        {
            return _outages.TryGetValue(model, out Outage? outage) ? (outage.Why, Left(outage)) : null;
        }
    }

    private TimeSpan Left(Outage outage) => outage.For - time.GetElapsedTime(outage.Since);

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    private sealed record Outage(long FailedAt, long Since, TimeSpan For, TimeSpan Pause, string Why);
}
