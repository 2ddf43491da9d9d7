using AgentFunctions.Gateway.Previews;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Views.Runs;

namespace AgentFunctions.AspNetCore.Gateway;

/// <summary>The preview of a submission.</summary>
internal sealed record PreviewResource
{
    /// <summary>The agent that would run it.</summary>
    public required string Agent { get; init; }

    /// <summary>What found the agent; null if the submission names it.</summary>
    public required string? RoutedBy { get; init; }

    /// <summary>The name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Whether that is the scripted rehearsal model.</summary>
    public required bool Rehearsal { get; init; }

    /// <summary>Whether it would be admitted now.</summary>
    public required bool Admitted { get; init; }

    /// <summary>Why it would be refused, with the rule; null if it would be admitted.</summary>
    public required string? Refusal { get; init; }

    /// <summary>The tools that the run would have, with what the policy says of a call without arguments.</summary>
    public required IReadOnlyList<VerdictResource> Tools { get; init; }

    /// <summary>The names of those tools about whose calls people would be asked.</summary>
    public required IReadOnlyList<string> Asks { get; init; }

    /// <summary>The quotas that the run would count against.</summary>
    public required IReadOnlyList<QuotaResource> Quotas { get; init; }

    /// <summary>What would be left out or replaced.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>What the last runs of the agent took, of those that this caller sees.</summary>
    public required PastRunsResource Similar { get; init; }

    public static PreviewResource Of(RunPreview preview, PastRuns past) => new()
    {
        Agent = preview.Agent,
        RoutedBy = preview.RoutedBy,
        Model = preview.Model,
        Rehearsal = preview.IsRehearsal,
        Admitted = preview.Refusal is null,
        Refusal = preview.Refusal,
        Tools = [.. preview.Tools.Select(VerdictResource.Of)],
        Asks = [.. preview.Tools.Where(static tool => tool.Verdict == PolicyVerdict.Ask).Select(static tool => tool.Tool)],
        Quotas = [.. preview.Quotas.Select(QuotaResource.Of)],
        Notes = preview.Notes,
        Similar = PastRunsResource.Of(past),
    };
}

/// <summary>What the last runs of an agent took.</summary>
/// <param name="N">How many have ended, of the last 100.</param>
/// <param name="Completed">How many of them ended with an answer.</param>
/// <param name="Usd">
/// What they cost in US dollars: the lower quartile, the median and the upper quartile; null if there are no runs.
/// </param>
/// <param name="WallClockMs">How long they took in milliseconds, likewise.</param>
/// <param name="Turns">How many turns they took, likewise.</param>
internal sealed record PastRunsResource(
    int N, int Completed, IReadOnlyList<decimal>? Usd, IReadOnlyList<decimal>? WallClockMs, IReadOnlyList<decimal>? Turns)
{
    public static PastRunsResource Of(PastRuns past) => new(past.Ended, past.Completed, past.Usd, past.WallClockMs, past.Turns);
}
