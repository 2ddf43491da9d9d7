using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tools;

/// <summary>
/// The tools of a run: pinned at its start, so that the model is shown the same bytes in every request, and called as they
/// are at present, so that a run of days lives with servers that are updated and tools that vanish.
/// </summary>
public sealed class RunTools(ToolCatalog catalog, IBlobStore blobs, IRecordStore records, IOptions<ToolOptions>? options = null)
{
    /// <summary>How many declarations stay in memory. They are kept by content, so no entry is ever stale.</summary>
    private const int CacheSize = 256;

    /// <summary>The longest schema that a notice repeats, in characters.</summary>
    private const int SchemaLimit = 8_000;

    private readonly LruCache<string, IReadOnlyList<ToolDeclaration>> _pinned = new(CacheSize);

    /// <summary>The tools that an agent gets at present, as they are pinned; see <see cref="ChooseAsync"/>.</summary>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<IReadOnlyList<ToolDeclaration>> SelectAsync(AgentDefinition agent, CancellationToken cancellationToken = default) =>
        [.. (await ChooseAsync(agent, cancellationToken).ConfigureAwait(false)).Tools.Select(ToolDeclaration.Of)];

    /// <summary>
    /// Chooses the tools that an agent gets at present; see <see cref="ToolCatalog.ChooseAsync"/>. A server that is not there yet is waited
    /// for a few seconds (<see cref="ToolOptions.ServerPatience"/>).
    /// </summary>
    /// <param name="agent">The agent.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public Task<ToolOffer> ChooseAsync(AgentDefinition agent, CancellationToken cancellationToken = default) =>
        catalog.ChooseAsync(agent, options?.Value.ServerPatience ?? ToolOptions.DefaultServerPatience, cancellationToken);

    /// <summary>Keeps declarations by their content.</summary>
    /// <param name="tools">The declarations.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>The hash for <see cref="RunRecord.ToolsHash"/>.</returns>
    public Task<string> PinAsync(IReadOnlyList<ToolDeclaration> tools, CancellationToken cancellationToken = default) =>
        blobs.PutAsync(JsonSerializer.SerializeToUtf8Bytes(tools, AgentJsonContext.Default.IReadOnlyListToolDeclaration), cancellationToken);

    /// <summary>What the run's model is shown of its tools: the same in every request.</summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.DataFileUnusable"/>: the pinned declarations are gone.</exception>
    public async Task<IReadOnlyList<ToolDeclaration>> DeclaredAsync(
        RunRecord run, AgentDefinition agent, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if ((await ArrivalsAsync(run, cancellationToken).ConfigureAwait(false))?.ToolsHash is not { } hash && (hash = run.ToolsHash!) is null)
        {
            return await SelectAsync(agent, cancellationToken).ConfigureAwait(false);
        }

        if (!_pinned.TryGet(hash, out IReadOnlyList<ToolDeclaration>? tools))
        {
            ReadOnlyMemory<byte> content = await blobs.GetAsync(hash, cancellationToken).ConfigureAwait(false)
                ?? throw new AgentException(ErrorCode.DataFileUnusable, $"The tools of run '{run.Id}' ({hash}) are gone from the store.");
            tools = JsonSerializer.Deserialize(content.Span, AgentJsonContext.Default.IReadOnlyListToolDeclaration)!;
            _pinned.Set(hash, tools);
        }

        return tools;
    }

    /// <summary>Where a run's arrivals are kept.</summary>
    internal static string ArrivalsKey(string runId) => $"tool-notices/{runId}/arrivals";

    /// <summary>Gets what came to a run since its start; <see langword="null"/> for nothing.</summary>
    internal async Task<ToolArrivals?> ArrivalsAsync(RunRecord run, CancellationToken cancellationToken) =>
        run.AwaitedTools is not null && await records.GetAsync(ArrivalsKey(run.Id), cancellationToken).ConfigureAwait(false) is { } stored
            ? JsonSerializer.Deserialize(stored.Value.Span, AgentJsonContext.Default.ToolArrivals)
            : null;

    /// <summary>
    /// Finds the tool of a call as it is at present and checks the call against it. Changes nothing but the note that the
    /// model was told of a change.
    /// </summary>
    /// <param name="run">The run.</param>
    /// <param name="agent">Its agent.</param>
    /// <param name="call">What the model asked for.</param>
    /// <param name="context">Which call it is.</param>
    /// <param name="cancellationToken">Stops the run; the only thing but the stores that makes this throw.</param>
    public async Task<PreparedCall> PrepareAsync(
        RunRecord run, AgentDefinition agent, FunctionCallContent call, ToolContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(call);
        IReadOnlyList<ToolDeclaration> declared = await DeclaredAsync(run, agent, cancellationToken).ConfigureAwait(false);
        string name = ModelConventions.NameOf(call);
        if (declared.FirstOrDefault(tool => tool.Name == name) is not { } pinned)
        {
            return Refuse(
                ErrorCode.ToolNotFound,
                $"there is no tool '{name}'; "
                + (declared.Count == 0 ? "this agent has no tools." : $"use one of: {string.Join(", ", declared.Select(static t => t.Name))}."));
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
                $"the tool '{name}' was there when this run began, and is there no more: its server took it back. Do without it.");
        }

        bool isSame = JsonElement.DeepEquals(pinned.Schema, present.Function.JsonSchema) && pinned.Effect == present.Effect;
        AgentTool tool = present.WithEffect(ToolEffects.Stricter(pinned.Effect, present.Effect));
        ToolCall? prepared = ToolInvoker.Prepare([tool], call, context, out ToolOutcome? refusal);
        if (isSame)
        {
            return new PreparedCall(prepared, refusal);
        }

        if ((prepared is null ? refusal!.Text : Complaint(present, prepared)) is { } complaint)
        {
            return Refuse(ErrorCode.ToolChanged, $"{Changed(present)} This call does not fit it: {complaint}");
        }

        bool isNews = await IsNewsAsync(present, context, cancellationToken).ConfigureAwait(false);
        return new PreparedCall(prepared, null, isNews ? $"{Changed(present)} This call fits it and was made." : null);
    }

    private static string? Complaint(AgentTool tool, ToolCall call)
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

    /// <summary>Whether this call is the one that tells the model of this change; the same call, repeated after a crash, is.</summary>
    private async Task<bool> IsNewsAsync(AgentTool tool, ToolContext context, CancellationToken cancellationToken)
    {
        string key = $"tool-notices/{context.RunId}/{tool.Name}/{tool.Hash}";
        byte[] teller = Encoding.UTF8.GetBytes(context.IdempotencyKey);
        try
        {
            await records.PutAsync(key, teller, RecordCondition.IfNew, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            StoredRecord? told = await records.GetAsync(key, cancellationToken).ConfigureAwait(false);
            return told is not null && told.Value.Span.SequenceEqual(teller);
        }
    }

    private static PreparedCall Refuse(ErrorCode code, string message) => new(null, ToolOutcome.Failed(code, message));
}
