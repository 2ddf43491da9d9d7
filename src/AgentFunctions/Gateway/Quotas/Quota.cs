using System.Globalization;
using AgentFunctions.Gateway.Options;
using AgentFunctions.Runs;

namespace AgentFunctions.Gateway.Quotas;

/// <summary>A quota as it is asked.</summary>
internal sealed class Quota(QuotaOptions options)
{
    public string Name => options.Name!;

    /// <summary>Gets its limits.</summary>
    public QuotaParts Limit => new(options.Runs, options.Steps, options.Tokens, options.Usd);

    /// <summary>On whose account a run goes; <see langword="null"/> if the quota does not concern it.</summary>
    public string? AccountOf(RunRecord run)
    {
        if (options.Caller is { } caller)
        {
            return caller == "*" || caller == run.Requester ? $"caller {run.Requester}" : null;
        }

        var label = LabelSelector.Parse(options.Label!);
        return label.ValueIn(run.Labels) is { } value ? $"label {label.Name}={value}" : null;
    }

    /// <summary>When the window of a moment began (UTC).</summary>
    public DateTimeOffset WindowOf(DateTimeOffset moment)
    {
        DateTime utc = moment.UtcDateTime;
        return new DateTimeOffset(options.Per == QuotaWindow.Hour ? utc.Date.AddHours(utc.Hour) : utc.Date, TimeSpan.Zero);
    }

    /// <summary>When the next window begins (UTC).</summary>
    public DateTimeOffset Next(DateTimeOffset moment) =>
        WindowOf(moment) + (options.Per == QuotaWindow.Hour ? TimeSpan.FromHours(1) : TimeSpan.FromDays(1));

    /// <summary>Which part is used up, in words; <see langword="null"/> if there is some left of all.</summary>
    /// <param name="book">What was used.</param>
    /// <param name="submits">Whether another run is asked for, or the next step of one.</param>
    public string? UsedUp(QuotaState book, bool submits) => book switch
    {
        _ when submits && book.Runs >= options.Runs => Words(options.Runs.Value, "runs"),
        _ when book.Steps >= options.Steps => Words(options.Steps.Value, "steps"),
        _ when book.Tokens >= options.Tokens => Words(options.Tokens.Value, "tokens"),
        _ when book.Usd >= options.Usd => Words(options.Usd.Value, "US dollars"),
        _ => null,
    };

    private string Words(decimal limit, string what) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{limit:#,0.####} {what} {(options.Per == QuotaWindow.Hour ? "an hour" : "a day")}");
}
