using System.Globalization;

namespace AgentFunctions.OpenAI.Resilience;

/// <summary>How long a provider asks to wait.</summary>
internal static class RetryAfter
{
    /// <summary>
    /// Reads <c>retry-after-ms</c> (OpenAI and Azure), or <c>Retry-After</c> as seconds or as a date (RFC 9110, 10.2.3).
    /// </summary>
    /// <param name="headers">Finds a header's value.</param>
    /// <param name="now">The current time, for dates.</param>
    /// <returns>
    /// Always positive; <see langword="null"/> if the provider says nothing that can be read, or nothing that is a wait: 0, or a
    /// date that has passed by this host's clock.
    /// </returns>
    public static TimeSpan? Read(Func<string, string?> headers, DateTimeOffset now)
    {
        if (double.TryParse(headers("retry-after-ms"), NumberStyles.Float, CultureInfo.InvariantCulture, out double milliseconds)
            && Bounded(milliseconds / 1000) is { } exact)
        {
            return exact;
        }

        string? value = headers("Retry-After");
        if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds))
        {
            return Bounded(seconds);
        }

        return DateTimeOffset.TryParse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
            out DateTimeOffset date)
            ? Bounded((date - now).TotalSeconds)
            : null;
    }

    /// <summary>Reads the headers of a response.</summary>
    public static TimeSpan? Read(HttpResponseMessage response, DateTimeOffset now) => Read(
        name => response.Headers.TryGetValues(name, out IEnumerable<string>? values) ? values.FirstOrDefault() : null, now);

    // A provider that names a year means: not today. NaN and the like mean nothing.
    private static TimeSpan? Bounded(double seconds) =>
        seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, TimeSpan.FromDays(365).TotalSeconds)) : null;
}
