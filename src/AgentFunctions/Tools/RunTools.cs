using System.Globalization;
using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Core;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Tools.Client;
using AgentFunctions.Tools.Search;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tools;

/// <summary>
/// The tools of a run: pinned at its start, so that the model is shown the same bytes in every request, and called as they
/// are at present, so that a run of days lives with servers that are updated and tools that vanish.
/// </summary>
internal sealed class RunTools(ToolCatalog catalog, IBlobStore blobs, IRecordStore records, IOptions<ToolOptions>? options = null)
{
    /// <summary>How many declarations stay in memory. They are kept by content, so no entry is ever stale.</summary>
    private const int CacheSize = 256;

    /// <summary>The longest schema that a notice repeats, in characters.</summary>
    private const int SchemaLimit = 8_000;

    private readonly LruCache<string, IReadOnlyList<ToolDeclaration>> _pinned = new(CacheSize);
    private readonly ToolLoads _loads = new(records);

    /// <summary>The tools that an agent gets at present, as they are pinned; see <see cref="ChooseAsync"/>.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<ToolDeclaration>> SelectAsync(AgentDefinition agent,
        CancellationToken cancellationToken = default) =>
        [.. (await ChooseAsync(agent, cancellationToken).ConfigureAwait(false)).Tools.Select(ToolDeclaration.Of)];

    /// <summary>
    /// Chooses the tools that an agent gets at present; see <see cref="ToolCatalog.ChooseAsync"/>. A server that is not there yet
    /// is waited for a few seconds (<see cref="ToolOptions.ServerPatience"/>).
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<ToolOffer> ChooseAsync(AgentDefinition agent, CancellationToken cancellationToken = default) =>
        catalog.ChooseAsync(agent, options?.Value.ServerPatience ?? ToolOptions.DefaultServerPatience, cancellationToken);

    /// <summary>Declares the tools that a caller brings along, none of which may have the name of a tool of this host.</summary>
    /// <param name="brought">The tools; <see langword="null"/> for none.</param>
    /// <param name="offer">What the agent has at present.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>: the message names the tool.</exception>
    internal IReadOnlyList<ToolDeclaration> Declare(IReadOnlyList<ClientTool>? brought, ToolOffer offer) =>
        ClientTools.Declare(brought, catalog.Tools.Concat(offer.Tools).Select(static tool => tool.Name));

    /// <summary>Keeps declarations by their content.</summary>
    /// <param name="tools">The declarations.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>The hash for <see cref="RunRecord.ToolsHash"/>.</returns>
    public Task<string> PinAsync(IReadOnlyList<ToolDeclaration> tools, CancellationToken cancellationToken = default) =>
        blobs.PutAsync(JsonSerializer.SerializeToUtf8Bytes(tools, ToolsJsonContext.Default.IReadOnlyListToolDeclaration),
            cancellationToken);

    /// <summary>
    /// Keeps the tools of a run, and what of them its model is shown if they are more than its requests are to carry.
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="tools">The declarations, as they were made of the agent's tools.</param>
    /// <param name="bound">What a request of the model may declare.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    internal async Task<PinnedTools> PinAsync(
        AgentDefinition agent, IReadOnlyList<ToolDeclaration> tools, ToolBound bound, CancellationToken cancellationToken)
    {
        ToolSelection selection = ToolSelection.Of(tools, agent, bound);
        if (selection.Searched.Count == 0)
        {
            return new PinnedTools(await PinAsync(tools, cancellationToken).ConfigureAwait(false), tools);
        }

        if (await SearchToolAsync(agent, cancellationToken).ConfigureAwait(false) is not { } search)
        {
            string left = $"{WhatIsTooMuch(tools, bound)} '{SearchTool.Name}' is disallowed, so {selection.Searched.Count} of them are left out.";
            return new PinnedTools(await PinAsync(selection.Declared, cancellationToken).ConfigureAwait(false),
                selection.Declared)
            {
                Note = left,
            };
        }

        IReadOnlyList<ToolDeclaration> declared = [.. selection.Declared, SearchTool.Declare(search, selection.Searched)];
        return new PinnedTools(await PinAsync(tools, cancellationToken).ConfigureAwait(false), declared)
        {
            Search = new ToolSearch(await PinAsync(declared, cancellationToken).ConfigureAwait(false), bound),
            Note = $"{WhatIsTooMuch(tools, bound)} {selection.Declared.Count} are declared, and {selection.Searched.Count} are found with {SearchTool.Name}.",
        };
    }

    /// <summary>Adds tools to those that a run is pinned to. What its model is shown already stays in its place.</summary>
    internal async Task<PinnedTools> ExtendAsync(
        RunRecord run, AgentDefinition agent, IReadOnlyList<ToolDeclaration> added, ToolBound? most,
        CancellationToken cancellationToken)
    {
        (string? hash, ToolSearch? search) = await PinOfAsync(run, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> before = await GrantedAsync(run, agent, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> all = [.. before, .. added];
        string pin = added.Count == 0 && hash is not null ? hash : await PinAsync(all, cancellationToken).ConfigureAwait(false);
        ToolBound bound = search?.Bound ?? most ?? new ToolBound(int.MaxValue, long.MaxValue);
        if (search is null && bound.Fits(all))
        {
            return new PinnedTools(pin, all);
        }

        IReadOnlyList<ToolDeclaration> shown = search is null
            ? before
            : await ReadAsync(run, search.DeclaredHash, cancellationToken).ConfigureAwait(false);
        ToolDeclaration[] fit = bound.Half.Beside(shown).Fits(added) ? [.. added] : [];
        AgentTool? finder = search is null ? await SearchToolAsync(agent, cancellationToken).ConfigureAwait(false) : null;
        if (search is null && finder is null)
        {
            // The search is disallowed: what does not fit is left out.
            return new PinnedTools(await PinAsync([.. shown, .. fit], cancellationToken).ConfigureAwait(false),
                [.. shown, .. fit]);
        }

        IReadOnlyList<ToolDeclaration> declared = finder is null
            ? [.. shown, .. fit]
            : [.. shown, .. fit, SearchTool.Declare(finder, added)];
        return new PinnedTools(pin, declared)
        {
            Search = new ToolSearch(await PinAsync(declared, cancellationToken).ConfigureAwait(false), bound),
        };
    }

    /// <summary>
    /// Gets the tool that finds others, as an agent has it; <see langword="null"/> if it is disallowed or this host has none.
    /// </summary>
    internal Task<AgentTool?> SearchToolAsync(AgentDefinition agent, CancellationToken cancellationToken) =>
        catalog.FindAsync(agent, SearchTool.Name, cancellationToken);

    /// <summary>
    /// Gets what the run's model is shown of its tools: the same in every request, but for what it has loaded since.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: the pinned declarations are gone.</exception>
    public Task<IReadOnlyList<ToolDeclaration>> DeclaredAsync(RunRecord run, AgentDefinition agent,
        CancellationToken cancellationToken = default) =>
        DeclaredAsync(run, agent, int.MaxValue, cancellationToken);

    /// <summary>Gets what the model was shown of its tools when it asked for the calls of a turn.</summary>
    internal async Task<IReadOnlyList<ToolDeclaration>> DeclaredAsync(RunRecord run, AgentDefinition agent, int turn,
        CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        (string? hash, ToolSearch? search) = await PinOfAsync(run, cancellationToken).ConfigureAwait(false);
        if (hash is null)
        {
            return await SelectAsync(agent, cancellationToken).ConfigureAwait(false);
        }

        if (search is null)
        {
            return await ReadAsync(run, hash, cancellationToken).ConfigureAwait(false);
        }

        IReadOnlyList<ToolDeclaration> declared = await ReadAsync(run, search.DeclaredHash, cancellationToken)
            .ConfigureAwait(false);
        ToolLoad[] loads = [.. (await _loads.ReadAsync(run.Id, cancellationToken)
            .ConfigureAwait(false)).Where(load => load.Turn < turn)];
        return loads.Length == 0
            ? declared
            : LoadedTools.Add(declared, loads, await ReadAsync(run, hash, cancellationToken).ConfigureAwait(false), search.Bound);
    }

    /// <summary>Gets all tools that a run may call, whether its model is shown them or finds them.</summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: the pinned declarations are gone.</exception>
    public async Task<IReadOnlyList<ToolDeclaration>> GrantedAsync(RunRecord run, AgentDefinition agent,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        (string? hash, _) = await PinOfAsync(run, cancellationToken).ConfigureAwait(false);
        return hash is null
            ? await SelectAsync(agent, cancellationToken).ConfigureAwait(false)
            : await ReadAsync(run, hash, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Loads tools for a call: the requests after it declare them.</summary>
    /// <param name="run">The run.</param>
    /// <param name="context">The call.</param>
    /// <param name="wanted">The tools, the most wanted first.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    /// <returns>Those that fit into the run's bound.</returns>
    internal async Task<IReadOnlyList<ToolDeclaration>> LoadAsync(
        RunRecord run, ToolContext context, IReadOnlyList<ToolDeclaration> wanted, CancellationToken cancellationToken)
    {
        (_, ToolSearch? search) = await PinOfAsync(run, cancellationToken).ConfigureAwait(false);
        if (search is null || wanted.Count == 0)
        {
            return [];
        }

        IReadOnlyList<ToolDeclaration> declared = await ReadAsync(run, search.DeclaredHash, cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> loaded = LoadedTools.Fitting(wanted, declared, search.Bound);
        var load = new ToolLoad(context.Turn, context.Call, [.. loaded.Select(static tool => tool.Name)]);
        await _loads.AddAsync(run.Id, load, cancellationToken).ConfigureAwait(false);
        context.LoadedBytes = loaded.Sum(static tool => tool.Bytes);
        return loaded;
    }

    /// <summary>
    /// Gives a fork what the run that it comes from had loaded up to a turn; returns what that adds to its requests, in bytes.
    /// </summary>
    internal async Task<long> CopyLoadsAsync(string from, RunRecord to, int turn, CancellationToken cancellationToken)
    {
        if (to is not { ToolSearch: { } search, ToolsHash: { } hash })
        {
            return 0;
        }

        IReadOnlyList<ToolLoad> loads = await _loads.CopyAsync(from, to.Id, turn, cancellationToken).ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> declared = await ReadAsync(to, search.DeclaredHash, cancellationToken)
            .ConfigureAwait(false);
        IReadOnlyList<ToolDeclaration> all = await ReadAsync(to, hash, cancellationToken).ConfigureAwait(false);
        return LoadedTools.Add(declared, loads, all, search.Bound).Skip(declared.Count).Sum(static tool => tool.Bytes);
    }

    private static string WhatIsTooMuch(IReadOnlyList<ToolDeclaration> tools, ToolBound bound) => string.Create(
        CultureInfo.InvariantCulture,
        $"tools: {tools.Count:N0} tools of {tools.Sum(static tool => tool.Bytes):N0} bytes are more than the model is shown at once ({bound.MaxTools:N0} tools, {bound.MaxBytes:N0} bytes).");

    /// <summary>Gets what a run is pinned to at present: what came since its start is part of it.</summary>
    private async Task<(string? Hash, ToolSearch? Search)> PinOfAsync(RunRecord run, CancellationToken cancellationToken) =>
        await ArrivalsAsync(run, cancellationToken).ConfigureAwait(false) is { } arrivals
            ? (arrivals.ToolsHash, arrivals.Search)
            : (run.ToolsHash, run.ToolSearch);

    private async Task<IReadOnlyList<ToolDeclaration>> ReadAsync(RunRecord run, string hash, CancellationToken cancellationToken)
    {
        if (!_pinned.TryGet(hash, out IReadOnlyList<ToolDeclaration>? tools))
        {
            ReadOnlyMemory<byte> content = await blobs.GetAsync(hash, cancellationToken).ConfigureAwait(false)
                ?? throw new AgentException(ErrorCode.DataFileUnusable,
                    $"The tools of run '{run.Id}' ({hash}) are gone from the store.");
            tools = JsonSerializer.Deserialize(content.Span, ToolsJsonContext.Default.IReadOnlyListToolDeclaration)!;
            _pinned.Set(hash, tools);
        }

        return tools;
    }

    /// <summary>Where a run's arrivals are kept.</summary>
    internal static string ArrivalsKey(string runId) => $"tool-notices/{runId}/arrivals";

    /// <summary>Gets what came to a run since its start; <see langword="null"/> for nothing.</summary>
    internal async Task<ToolArrivals?> ArrivalsAsync(RunRecord run, CancellationToken cancellationToken) =>
        run.AwaitedTools is not null
            && await records.GetAsync(ArrivalsKey(run.Id), cancellationToken).ConfigureAwait(false) is { } stored
            ? JsonSerializer.Deserialize(stored.Value.Span, ToolsJsonContext.Default.ToolArrivals)
            : null;

    /// <summary>
    /// Finds the tool of a call as it is at present and checks the call against it. Changes nothing but the note that the
    /// model was told of a change.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="call">The call that the model requested.</param>
    /// <param name="context">The call.</param>
    /// <param name="cancellationToken">The token to cancel the run; nothing else but the stores makes this throw.</param>
    public async Task<PreparedCall> PrepareAsync(
        RunRecord run, AgentDefinition agent, FunctionCallContent call, ToolContext context,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        IReadOnlyList<ToolDeclaration> declared = await DeclaredAsync(run, agent, context.Turn, cancellationToken)
            .ConfigureAwait(false);
        string name = ModelConventions.NameOf(call);
        if (declared.FirstOrDefault(tool => tool.Name == name) is not { } pinned)
        {
            return await LoadInsteadAsync(run, agent, name, context, cancellationToken).ConfigureAwait(false) ?? Refuse(
                ErrorCode.ToolNotFound,
                $"there is no tool '{name}'; "
                + (declared.Count == 0
                    ? "this agent has no tools."
                    : $"use one of: {string.Join(", ", declared.Select(static t => t.Name))}."));
        }

        if (pinned.IsClient)
        {
            AgentTool own = ClientTools.ToolOf(pinned, options?.Value.ClientPatience ?? ToolOptions.DefaultClientPatience);
            return new PreparedCall(ToolInvoker.Prepare([own], call, context, out ToolOutcome? wrong), wrong);
        }

        AgentTool? present;
        try
        {
            present = await catalog.FindAsync(agent, name, cancellationToken).ConfigureAwait(false);
        }
        catch (AgentException e) when (e.Code is ErrorCode.ToolUnavailable or ErrorCode.InvalidInput)
        {
            return Refuse(e.Code, e.Message);
        }

        if (present is null)
        {
            return Refuse(
                ErrorCode.ToolNotFound,
                $"the tool '{name}' was there when this run began, and is there no more: {(ToolNames.IsOfSource(name) ? "its server took it back" : "this host no longer has it")}. Do without it.");
        }

        bool isSame = JsonElement.DeepEquals(pinned.Schema, present.Function.JsonSchema) && pinned.Effect == present.Effect;
        AgentTool tool = present.WithEffect(ToolEffects.Stricter(pinned.Effect, present.Effect));
        ToolCall? prepared = ToolInvoker.Prepare([tool], call, context, out ToolOutcome? refusal);
        if (isSame)
        {
            return new PreparedCall(prepared, refusal);
        }

        if ((prepared is null ? refusal!.Text : Error(present, prepared)) is { } complaint)
        {
            return Refuse(ErrorCode.ToolChanged, $"{Changed(present)} This call does not fit it: {complaint}");
        }

        bool isNews = await IsNewsAsync(present, context, cancellationToken).ConfigureAwait(false);
        return new PreparedCall(prepared, null, isNews ? $"{Changed(present)} This call fits it and was made." : null);
    }

    /// <summary>
    /// Loads the tool of a call that the model was not shown: it has guessed the arguments, so the call is not made.
    /// <see langword="null"/> if the run has no such tool.
    /// </summary>
    private async Task<PreparedCall?> LoadInsteadAsync(
        RunRecord run, AgentDefinition agent, string name, ToolContext context, CancellationToken cancellationToken)
    {
        (_, ToolSearch? search) = await PinOfAsync(run, cancellationToken).ConfigureAwait(false);
        if (search is null
            || (await GrantedAsync(run, agent, cancellationToken)
                .ConfigureAwait(false)).FirstOrDefault(tool => tool.Name == name) is not { } wanted)
        {
            return null;
        }

        await LoadAsync(run, context, [wanted], cancellationToken).ConfigureAwait(false);
        string words = $"the tool '{name}' was not loaded, so this call was not made. It is loaded now: read what arguments it takes, and call it again.";
        return new PreparedCall(null, ToolOutcome.Failed(ErrorCode.ToolNotFound, words) with { LoadedBytes = wanted.Bytes });
    }

    private static string? Error(AgentTool tool, ToolCall call)
    {
        try
        {
            SentArguments.Check(tool.Function, call.Arguments);
            return null;
        }
        catch (AgentException e) when (e.Code == ErrorCode.ToolArgumentsInvalid)
        {
            return e.Message;
        }
    }

    private static string Changed(AgentTool tool)
    {
        string schema = tool.Function.JsonSchema.GetRawText();
        return $"The tool '{tool.Name}' has changed since this run began. "
            + (schema.Length <= SchemaLimit ? $"Its arguments are now: {schema}." : "Its new schema is too long to repeat.");
    }

    /// <summary>
    /// Whether this call is the one that tells the model of this change; the same call, repeated after a crash, is.
    /// </summary>
    private async Task<bool> IsNewsAsync(AgentTool tool, ToolContext context, CancellationToken cancellationToken)
    {
        string key = $"tool-notices/{context.RunId}/{tool.Name}/{tool.Hash}";
        byte[] teller = Encoding.UTF8.GetBytes(context.IdempotencyKey);
        return await records.TryPutAsync(key, teller, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false) is not null
            || (await records.GetAsync(key, cancellationToken).ConfigureAwait(false))?.Value.Span.SequenceEqual(teller) == true;
    }

    private static PreparedCall Refuse(ErrorCode code, string message) => new(null, ToolOutcome.Failed(code, message));
}
