using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Gateway;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Tools;
using AgentFunctions.Views;
using Microsoft.Agents.AI;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;

namespace AgentFunctions.AgentFramework.AIAgents;

/// <summary>Offers an agent of the host to code of Agent Framework: a session is a run, and a message goes to it.</summary>
internal sealed partial class DurableAIAgent(
    string name, string description, RunAccess access, AIAgentOptions settings, ILogger<DurableAIAgent> logger) : AIAgent
{
    private static readonly AIAgentMetadata Metadata = new("agentfunctions");
    private static int _warned;

    private readonly CallerAnswers _answers = new(access, settings.Caller);
    private readonly WaitingCaller _caller = new(access.Steering, settings);

    /// <summary>Gets what the caller repeats as a whole; <see langword="null"/> for nothing.</summary>
    public string? Scope { get; init; }

    /// <summary>Gets whether the agent itself answers by a schema.</summary>
    public bool HasSchema { get; init; }

    /// <inheritdoc/>
    public override string? Name => name;

    /// <inheritdoc/>
    public override string? Description => description;

    /// <inheritdoc/>
    protected override string? IdCore => name;

    /// <summary>Gets the same agent for one scope; see <see cref="RunKey"/>.</summary>
    public DurableAIAgent Within(string scope) => new(name, description, access, settings, logger)
    {
        Scope = scope,
        HasSchema = HasSchema,
    };

    /// <inheritdoc/>
    public override object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return base.GetService(serviceType, serviceKey) ?? (serviceKey is not null ? null
            : serviceType == typeof(AIAgentMetadata) ? Metadata
            : serviceType == typeof(RunSteering) ? access.Steering
            : serviceType == typeof(RunReader) ? access.Reader
            : null);
    }

    /// <inheritdoc/>
    protected override ValueTask<AgentSession> CreateSessionCoreAsync(CancellationToken cancellationToken = default) =>
        new(new DurableAgentSession());

    /// <inheritdoc/>
    protected override ValueTask<JsonElement> SerializeSessionCoreAsync(
        AgentSession session, JsonSerializerOptions? jsonSerializerOptions = null,
        CancellationToken cancellationToken = default) => new(Of(session).Serialize());

    /// <inheritdoc/>
    protected override ValueTask<AgentSession> DeserializeSessionCoreAsync(
        JsonElement serializedState, JsonSerializerOptions? jsonSerializerOptions = null,
        CancellationToken cancellationToken = default) =>
        new(DurableAgentSession.Read(serializedState));

    /// <inheritdoc/>
    protected override async Task<AgentResponse> RunCoreAsync(
        IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        DurableAgentSession talk = session is null ? new DurableAgentSession() : Of(session);
        try
        {
            return await AnswerAsync(RunInput.Of(messages), talk, session is not null, options, cancellationToken)
                .ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (_caller.HasLeft(cancellationToken))
        {
            await _caller.CancelAsync(talk.RunId).ConfigureAwait(false);
            throw;
        }
    }

    /// <inheritdoc/>
    protected override async IAsyncEnumerable<AgentResponseUpdate> RunCoreStreamingAsync(
        IEnumerable<ChatMessage> messages, AgentSession? session = null, AgentRunOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        DurableAgentSession talk = session is null ? new DurableAgentSession() : Of(session);
        bool isOver = false;
        try
        {
            await foreach (AgentResponseUpdate update in StreamAsync(
                RunInput.Of(messages), talk, session is not null, options, cancellationToken).ConfigureAwait(false))
            {
                yield return update;
            }

            isOver = true;
        }
        finally
        {
            // Also if the caller was cancelled with an update in its hands, and asks for no other.
            if (!isOver && _caller.HasLeft(cancellationToken))
            {
                await _caller.CancelAsync(talk.RunId).ConfigureAwait(false);
            }
        }
    }

    private async Task<AgentResponse> AnswerAsync(
        RunInput input, DurableAgentSession talk, bool hasSession, AgentRunOptions? options, CancellationToken cancellationToken)
    {
        Place place = await BeginAsync(input, talk, hasSession, options, cancellationToken).ConfigureAwait(false);
        if (place.Open is { } open)
        {
            return Asking(place.Updates, open, options);
        }

        bool waits = options?.AllowBackgroundResponses != true;
        var updates = new List<AgentResponseUpdate>();
        IAsyncEnumerable<AgentResponseUpdate> source = waits
            ? place.Updates.FollowAsync(false, cancellationToken)
            : place.Updates.ReadAsync(cancellationToken);
        await foreach (AgentResponseUpdate update in WordsOf(source, options, cancellationToken).ConfigureAwait(false))
        {
            updates.Add(update);
        }

        talk.Place = place.Updates.Place;
        AgentResponse response = updates.ToAgentResponse();
        response.AgentId = name;
        response.ResponseId = place.Run;
        response.ContinuationToken = place.Updates.End is null && !waits ? RunToken.Of(place.Run, place.Updates.Place) : null;
        response.FinishReason = await FinishAsync(place, cancellationToken).ConfigureAwait(false);
        return response;
    }

    private async IAsyncEnumerable<AgentResponseUpdate> StreamAsync(
        RunInput input, DurableAgentSession talk, bool hasSession, AgentRunOptions? options,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        Place place = await BeginAsync(input, talk, hasSession, options, cancellationToken).ConfigureAwait(false);
        if (place.Open is { } open)
        {
            foreach (AgentResponseUpdate update in Asking(place.Updates, open, options).ToAgentResponseUpdates())
            {
                yield return update;
            }

            yield break;
        }

        IAsyncEnumerable<AgentResponseUpdate> told = place.Updates.FollowAsync(true, cancellationToken);
        await foreach (AgentResponseUpdate update in WordsOf(told, options, cancellationToken).ConfigureAwait(false))
        {
            talk.Place = place.Updates.Place;
            yield return update;
        }

        talk.Place = place.Updates.Place;
        if (await FinishAsync(place, cancellationToken).ConfigureAwait(false) is { } reason)
        {
            yield return new AgentResponseUpdate(ChatRole.Assistant, [])
            {
                AgentId = name,
                AuthorName = name,
                ResponseId = place.Run,
                FinishReason = reason,
            };
        }
    }

    private async Task<Place> BeginAsync(
        RunInput input, DurableAgentSession talk, bool hasSession, AgentRunOptions? options, CancellationToken cancellationToken)
    {
        IReadOnlyList<ClientTool>? tools = CallerTools.Of(options);
        if (options?.ContinuationToken is { } continued)
        {
            return await ContinueAsync(input, talk, continued, cancellationToken).ConfigureAwait(false);
        }

        if (options?.AllowBackgroundResponses == true && !hasSession)
        {
            throw new InvalidOperationException("A session must be provided for a background response: its run is found by it.");
        }

        foreach (ToolApprovalResponseContent answer in input.Answers)
        {
            await access.Approvals.DecideAsync(
                answer.RequestId, settings.Caller, answer.Approved, answer.Reason, cancellationToken: cancellationToken)
                .ConfigureAwait(false);
        }

        if (talk.RunId is not { } run)
        {
            return input.Words.Count > 0
                ? await SubmitAsync(input, talk, options, tools, cancellationToken).ConfigureAwait(false)
                : throw new AgentException(
                    ErrorCode.InvalidInput, "messages: there is no text, and the session has no run yet; send the goal as text.");
        }

        if (tools is not null && CallerTools.NamesOf(tools) != talk.Tools)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "options: a run keeps the tools of its caller that it was submitted with; use a new session for others.");
        }

        Place place = input.Words.Count == 0
            ? new Place(run, UpdatesOf(run, talk, isResumed: input.Answers.Count + input.Results.Count == 0))
            : await SendAsync(input, talk, run, options, cancellationToken).ConfigureAwait(false);
        if (place.Open is null)
        {
            // After the message, so that the model is shown both at once.
            await _answers.SendAsync(input, place.Updates, cancellationToken).ConfigureAwait(false);
        }

        return place;
    }

    private async Task<Place> ContinueAsync(
        RunInput input, DurableAgentSession talk, ResponseContinuationToken continued, CancellationToken cancellationToken)
    {
        RunToken token = RunToken.Read(continued);
        if (input.Words.Count > 0 || input.Answers.Count > 0)
        {
            throw new InvalidOperationException(
                "Input messages are not allowed when continuing a background response using a continuation token.");
        }

        if (talk.RunId is { } other && other != token.Run)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"continuation token: it is of run '{token.Run}', and the session is of run '{other}'.");
        }

        Run run = await access.Reader.GetAsync(token.Run, cancellationToken).ConfigureAwait(false);
        if (run.Agent != name)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"continuation token: run '{token.Run}' is one of agent '{run.Agent}', not of '{name}'.");
        }

        talk.RunId = token.Run;
        talk.Sent = Math.Max(talk.Sent, 1);
        talk.Place = token.Place;
        return new Place(token.Run, UpdatesOf(token.Run, talk, isResumed: true));
    }

    private async Task<Place> SubmitAsync(
        RunInput input, DurableAgentSession talk, AgentRunOptions? options, IReadOnlyList<ClientTool>? tools,
        CancellationToken cancellationToken)
    {
        string? key = RunKey.Of(name, Scope, options, input.Identity);
        if (key is null && Interlocked.Exchange(ref _warned, 1) == 0)
        {
            LogNoKey(logger, name);
        }

        IReadOnlyList<ChatMessage> told = CallerTools.InstructionsOf(options);
        bool isGoal = input.Goal is not null && told.Count == 0;
        var request = new RunRequest
        {
            Agent = name,
            Goal = isGoal ? input.Goal : null,
            Messages = isGoal ? null : [.. told, .. input.MessagesFor(name)],
            ClientTools = tools,
            Acceptance = SchemaOf(options) is { } schema ? new RunAcceptance { Schema = schema } : null,
        };
        Run run = await access.Gateway.SubmitAsync(request, settings.Caller, key, cancellationToken).ConfigureAwait(false);
        (talk.RunId, talk.Sent, talk.Place, talk.Tools) = (run.Id, 1, RunPlace.Begin, tools is null
            ? null
            : CallerTools.NamesOf(tools));
        return new Place(run.Id, UpdatesOf(run.Id, talk, isNew: true));
    }

    private async Task<Place> SendAsync(
        RunInput input, DurableAgentSession talk, string id, AgentRunOptions? options, CancellationToken cancellationToken)
    {
        Run run = await access.Reader.GetAsync(id, cancellationToken).ConfigureAwait(false);
        if (SchemaOf(options) is { } schema && (run.Acceptance?.Schema is not { } kept || !JsonElement.DeepEquals(kept, schema)))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                "responseFormat: a run keeps the schema that it was submitted with; use a new session for another one.");
        }

        IReadOnlyList<Approval> open = await access.Approvals.ListOfTreeAsync(id, cancellationToken: cancellationToken)
            .ConfigureAwait(false);
        if (open.Count > 0)
        {
            RunUpdates updates = UpdatesOf(id, talk);
            var asks = new List<ToolApprovalRequestContent>();
            foreach (Approval approval in open)
            {
                asks.Add(approval.RunId == id
                    ? await updates.AskAboutAsync(approval, cancellationToken).ConfigureAwait(false)
                    : RunUpdates.AskAbout(approval, approval.Id));
            }

            return new Place(id, updates) { Open = asks };
        }

        string key = RunKey.OfMessage(id, talk.Sent, input.Identity);
        long length = await access.Records.Journal.LengthAsync(id, cancellationToken).ConfigureAwait(false);
        await access.Steering.SendAsync(id, input.Text, input.Media, settings.Caller, key, cancellationToken)
            .ConfigureAwait(false);
        talk.Sent++;
        talk.Place = await new EarlierAnswers(access.Records.Journal)
            .BehindAsync(id, talk.Place, input.Text, length, cancellationToken).ConfigureAwait(false);
        return new Place(id, UpdatesOf(id, talk));
    }

    private RunUpdates UpdatesOf(string run, DurableAgentSession talk, bool isResumed = false, bool isNew = false) =>
        new(access, name, run, talk.Place)
        {
            IsResumed = isResumed,
            IsNew = isNew,
            CallerTools = talk.Tools?.Split(' ') ?? [],
        };

    private AgentResponse Asking(RunUpdates updates, IReadOnlyList<ToolApprovalRequestContent> open, AgentRunOptions? options) =>
        new(new ChatMessage(ChatRole.Assistant, [.. open]) { AuthorName = name })
        {
            AgentId = name,
            ResponseId = updates.Run,
            ContinuationToken = options?.AllowBackgroundResponses == true ? RunToken.Of(updates.Run, updates.Place) : null,
        };

    /// <summary>How a response ends; an exception where the run failed.</summary>
    private async Task<ChatFinishReason?> FinishAsync(Place place, CancellationToken cancellationToken)
    {
        if (place.Updates.End is not { } end)
        {
            return null;
        }

        if (string.Equals(end.Code, nameof(RunStatus.Completed), StringComparison.OrdinalIgnoreCase))
        {
            return ChatFinishReason.Stop;
        }

        if (string.Equals(end.Code, nameof(RunStatus.BudgetExhausted), StringComparison.OrdinalIgnoreCase))
        {
            return ChatFinishReason.Length;
        }

        Run run = await access.Reader.GetAsync(place.Run, cancellationToken).ConfigureAwait(false);
        ErrorCode code = Enum.TryParse(run.Error?.Code, out ErrorCode known) ? known : ErrorCode.RunStateForbids;
        throw new AgentException(
            code,
            $"Run '{place.Run}' of agent '{name}' ended as {end.Code}: {run.Error?.Message ?? "it was cancelled."} "
            + "A further message to the session resumes it.");
    }

    private IAsyncEnumerable<AgentResponseUpdate> WordsOf(
        IAsyncEnumerable<AgentResponseUpdate> updates, AgentRunOptions? options, CancellationToken cancellationToken) =>
        HasSchema || SchemaOf(options) is not null ? LastWords.OfAsync(updates, cancellationToken) : updates;

    private static JsonElement? SchemaOf(AgentRunOptions? options) =>
        options?.ResponseFormat is ChatResponseFormatJson { Schema: { } schema } ? schema : null;

    private static DurableAgentSession Of(AgentSession session) => session as DurableAgentSession
        ?? throw new InvalidOperationException(
            $"The session is a {session.GetType().Name}; a durable agent uses those of its own CreateSessionAsync and "
            + "DeserializeSessionAsync.");

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "A run of agent '{Agent}' is submitted without a key: a caller that is killed and repeats itself, as a "
            + "workflow does, starts a second run. Use agent.Scoped(…) with what names the caller's work, or the option "
            + "agentfunctions.idempotencyKey.")]
    private static partial void LogNoKey(ILogger logger, string agent);

    private sealed record Place(string Run, RunUpdates Updates)
    {
        /// <summary>Gets the questions that are open, so that nothing was sent; <see langword="null"/> if it was.</summary>
        public IReadOnlyList<ToolApprovalRequestContent>? Open { get; init; }
    }
}
