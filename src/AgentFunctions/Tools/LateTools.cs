using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Core.Text;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools.Search;

namespace AgentFunctions.Tools;

/// <summary>
/// Tools that were not there when a run started: looked for before each of its model calls, and pinned to the run when they come.
/// </summary>
internal sealed class LateTools(
    ToolCatalog catalog, RunTools tools, RunStore runs, IRecordStore records, TimeProvider time, Journal journal)
{
    /// <summary>A model call must not wait for a server that hangs; one that is there answers from memory.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    /// <summary>How many tools are named to the model, and in the journal.</summary>
    private const int MostNamed = 20;

    /// <summary>
    /// Looks for the tools that a run awaits, and says what its model is to be told of them. Safe to repeat for a turn.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="turn">The turn that is about to begin.</param>
    /// <param name="isFirst">Whether the model has not been asked yet.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The host's words for the model; none if there is nothing new.</returns>
    public async Task<IReadOnlyList<string>> LookAsync(
        RunRecord run, AgentDefinition agent, int turn, bool isFirst, CancellationToken cancellationToken)
    {
        if (run.AwaitedTools is not { } awaited)
        {
            return [];
        }

        ToolArrivals? before = await tools.ArrivalsAsync(run, cancellationToken).ConfigureAwait(false);
        ToolArrival[] known = [.. before?.Arrivals ?? []];
        string[] open = [.. awaited.Groups.Keys.Except(known.Select(static one => one.Group)).Order(StringComparer.Ordinal)];
        ToolArrival[] come = open.Length == 0
            ? []
            : await TakeAsync(run, agent, awaited, known, open, turn, cancellationToken).ConfigureAwait(false);
        var words = new List<string>();
        if (isFirst && open.Except(come.Select(static one => one.Group)).ToArray() is { Length: > 0 } missing)
        {
            // Why is told in words that may be the server's own, which must not pass for the host's.
            string reasons = string.Join('\n', missing.Select(group => $"{group}: {awaited.Groups[group]}"));
            words.Add($"Not available at present: the tools of {string.Join(", ", missing)}. "
                + $"You are told when they come. Begin with what can be done without them. Why they are missing:\n{UntrustedText.Mark(reasons)}");
        }

        // What an earlier attempt at this turn took is told again: nobody knows whether that attempt was recorded.
        foreach (ToolArrival one in known.Where(one => one.Turn == turn).Concat(come).Where(static one => one.Tools.Count > 0))
        {
            words.Add(one.Tools.Count <= MostNamed
                ? $"The tools of {one.Group} are available now: {string.Join(", ", one.Tools)}."
                : $"{one.Tools.Count} tools of {one.Group} are available now: {string.Join(", ", one.Tools.Take(MostNamed))} and others."
                    + (one.IsSearched ? $" Find them with {SearchTool.Name}." : ""));
        }

        return words;
    }

    private async Task<ToolArrival[]> TakeAsync(
        RunRecord run, AgentDefinition agent, AwaitedTools awaited, ToolArrival[] known, string[] open, int turn,
        CancellationToken cancellationToken)
    {
        ToolOffer offer = await catalog.ChooseAsync(agent, Patience, cancellationToken).ConfigureAwait(false);
        string[] come = [.. open.Where(group => offer.Missing.All(missing => missing.Group != group))];
        if (come.Length == 0)
        {
            return [];
        }

        IReadOnlyList<ToolDeclaration>? leads = await OfLeadAsync(run, come, cancellationToken).ConfigureAwait(false);
        if (leads is null)
        {
            return [];
        }

        IReadOnlyList<ToolDeclaration> granted = await tools.GrantedAsync(run, agent, cancellationToken).ConfigureAwait(false);
        ToolDeclaration[] added =
        [
            .. offer.Tools.Where(tool => come.Contains(tool.Group) && IsAllowed(awaited, tool.Name)
                && granted.All(one => one.Name != tool.Name))
                .Select(tool => Narrowed(ToolDeclaration.Of(tool), run.Parent is null ? null : leads))
                .OfType<ToolDeclaration>(),
        ];
        PinnedTools pinned = await tools.ExtendAsync(run, agent, added, awaited.Bound, cancellationToken).ConfigureAwait(false);
        ToolArrival[] arrivals = [.. come.Select(group => ArrivalOf(group, turn, added, pinned))];
        await records.PutAsync(
            RunTools.ArrivalsKey(run.Id),
            JsonSerializer.SerializeToUtf8Bytes(
                new ToolArrivals(pinned.Hash, [.. known, .. arrivals]) { Search = pinned.Search },
                ToolsJsonContext.Default.ToolArrivals),
            default,
            cancellationToken).ConfigureAwait(false);
        string text = string.Join("; ", arrivals.Select(static one => $"{one.Group}: {InWords(one)}"));
        await journal.AppendIfMissingAsync(
            run.Id, new JournalEvent(JournalEventTypes.ToolsArrived, time.GetUtcNow()) { Turn = turn, Text = text },
            cancellationToken).ConfigureAwait(false);
        return arrivals;
    }

    /// <summary>A sub-agent never has what its lead lacks: it waits until its lead has them.</summary>
    /// <returns>The lead's tools; <see langword="null"/> if it still awaits one of the groups itself.</returns>
    private async Task<IReadOnlyList<ToolDeclaration>?> OfLeadAsync(RunRecord run, string[] come,
        CancellationToken cancellationToken)
    {
        if (run.Parent is null || await runs.FindAsync(run.Parent, cancellationToken).ConfigureAwait(false) is not { } lead)
        {
            return [];
        }

        ToolArrivals? arrived = await tools.ArrivalsAsync(lead, cancellationToken).ConfigureAwait(false);
        return come.Any(group => lead.AwaitedTools?.Groups.ContainsKey(group) == true
            && arrived?.Arrivals.Any(one => one.Group == group) != true)
            ? null
            : await tools.GrantedAsync(lead, await runs.GetDefinitionAsync(lead, cancellationToken).ConfigureAwait(false),
                cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The tool with the stricter of both words on its effect; <see langword="null"/> if the lead has it not.
    /// </summary>
    private static ToolDeclaration? Narrowed(ToolDeclaration tool, IReadOnlyList<ToolDeclaration>? leads) =>
        leads is null ? tool
            : leads.FirstOrDefault(one => one.Name == tool.Name) is { } known
                ? tool with { Effect = ToolEffects.Stricter(tool.Effect, known.Effect) }
            : null;

    private static ToolArrival ArrivalOf(string group, int turn, ToolDeclaration[] added, PinnedTools pinned)
    {
        string[] names = [.. added.Where(tool => ToolNames.IsOf(group, tool.Name)).Select(static tool => tool.Name)];
        return new ToolArrival(group, turn, names)
        {
            IsSearched = pinned.Search is not null && names.Except(pinned.Declared.Select(static tool => tool.Name)).Any(),
        };
    }

    private static string InWords(ToolArrival one) => one.Tools.Count switch
    {
        0 => "no tool of this agent's",
        <= MostNamed => string.Join(", ", one.Tools),
        _ => $"{string.Join(", ", one.Tools.Take(MostNamed))} and {one.Tools.Count - MostNamed} more",
    };

    private static bool IsAllowed(AwaitedTools awaited, string tool) => awaited.Allowances?.All(rule =>
        (rule.Allowed is null || rule.Allowed.Any(pattern => Wildcard.Matches(pattern, tool)))
        && !rule.Denied.Any(pattern => Wildcard.Matches(pattern, tool))) != false;
}
