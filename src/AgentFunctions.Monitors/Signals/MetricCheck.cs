using System.Globalization;

namespace AgentFunctions.Monitors.Signals;

/// <summary>Reads a metric from a page in the Prometheus text format.</summary>
internal sealed class MetricCheck(IHttpClientFactory http) : ISignalCheck
{
    public bool Handles(SignalDefinition signal) => signal.Metric is not null;

    public async Task<Observation> LookAsync(
        SignalDefinition signal, SignalMemory last, DateTimeOffset now, CancellationToken cancellationToken)
    {
        MetricSignal target = signal.Metric!;
        using HttpClient client = http.CreateClient(HttpCheck.HttpClientName);
        using HttpResponseMessage response = await client.GetAsync(
            new Uri(target.Url), HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        response.EnsureSuccessStatusCode();
        string page = await HttpCheck.ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
        if (MetricQuery.Parse(target.Query).Sum(page) is not { } raw)
        {
            return new Observation(signal.Name, $"no sample matches {target.Query}") { Position = last.Position };
        }

        double? value = target.Rate ? RateOf(raw, last, now) : raw;
        return new Observation(
            signal.Name, value is null ? null : ValueCondition.Bounds(target.Query, value.Value, target.Above, target.Below))
        {
            Value = value,
            Position = raw,
            Evidence = value?.ToString("G6", CultureInfo.InvariantCulture),
            Fingerprint = value?.ToString("R", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>The increase per second; a counter that fell was reset and counts from zero.</summary>
    private static double? RateOf(double raw, SignalMemory last, DateTimeOffset now)
    {
        if (last.Position is not { } before || last.LookedAt is not { } at || now <= at)
        {
            return null;
        }

        return (raw < before ? raw : raw - before) / (now - at).TotalSeconds;
    }
}
