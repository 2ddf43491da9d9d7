using System.Globalization;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Looks at all signals of a monitor at once.</summary>
internal sealed class SignalChecker(IEnumerable<ISignalCheck> checks, TimeProvider time, ToolCheck? tools = null)
{
    private readonly ISignalCheck[] _checks = [.. checks];

    /// <summary>One look at each signal, in the order of the definition.</summary>
    /// <param name="monitor">The monitor.</param>
    /// <param name="memory">What is remembered of the signals, by name.</param>
    /// <param name="now">The present moment.</param>
    /// <param name="cancellationToken">The token to cancel the check.</param>
    public Task<Observation[]> LookAsync(
        MonitorDefinition monitor, IReadOnlyDictionary<string, SignalMemory> memory, DateTimeOffset now,
        CancellationToken cancellationToken) =>
        Task.WhenAll(monitor.Signals.Select(signal =>
            LookAsync(monitor, signal, memory.GetValueOrDefault(signal.Name) ?? new(), now, cancellationToken)));

    private async Task<Observation> LookAsync(
        MonitorDefinition monitor, SignalDefinition signal, SignalMemory last, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        TimeSpan timeout = signal.Timeout < monitor.Deadline ? signal.Timeout : monitor.Deadline;
        using CancellationTokenSource late = new(timeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        try
        {
            Observation seen = signal.Tool is not null && tools is not null
                ? await tools.LookAsync(monitor, signal, limit.Token).ConfigureAwait(false)
                : await _checks.First(check => check.Handles(signal)).LookAsync(signal, last, now, limit.Token)
                    .ConfigureAwait(false);
            return Judge(signal, last, seen);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new Observation(signal.Name, $"no answer within {timeout.TotalSeconds:0.#} s") { Position = last.Position };
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            return new Observation(signal.Name, Evidence.Of($"the check failed: {error.Message}")) { Position = last.Position };
        }
    }

    private static Observation Judge(SignalDefinition signal, SignalMemory last, Observation seen)
    {
        if (seen.IsBreach || signal.Deviation is not { } most || seen.Value is not { } value
            || last.Baseline.DeviationOf(value) is var by && by <= most)
        {
            return seen;
        }

        return seen with
        {
            IsUnusual = true,
            Error = string.Create(
                CultureInfo.InvariantCulture,
                $"{value:G6} is {by:F1} standard deviations from the usual {last.Baseline.Mean:G6}"),
        };
    }
}
