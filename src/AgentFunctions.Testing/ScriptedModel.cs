using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using AgentFunctions.Models;
using Microsoft.Extensions.AI;

namespace AgentFunctions.Testing;

/// <summary>
/// Plays a model by a script. The n-th turn of the script answers the request that already contains n - 1 answers, so a request
/// that a crash repeats gets the same answer, and each run, sub-agents included, starts at the first turn.
/// </summary>
public sealed class ScriptedModel : IChatClient
{
    /// <summary>The name of the model in the host's catalog.</summary>
    public const string Name = "scripted";

    private readonly Func<ScriptedRequest, ScriptedTurn> _script;
    private readonly ConcurrentQueue<ScriptedRequest> _requests = new();

    /// <summary>Creates a model that answers turn by turn.</summary>
    /// <param name="turns">The turns; see <see cref="ScriptedTurn.Calls"/> and <see cref="ScriptedTurn.Says"/>.</param>
    public ScriptedModel(params IEnumerable<ScriptedTurn> turns)
    {
        ScriptedTurn[] all = [.. turns];
        _script = request => request.Turn <= all.Length
            ? all[request.Turn - 1]
            : throw new AgentException(
                ErrorCode.ModelRequestRejected,
                $"The script has {all.Length} turns, and the run asks for turn {request.Turn}. The last message was: {request.LastResult}{request.LastMessage}");
    }

    /// <summary>Creates a model that answers by what it is asked, for swarms and for scripts with branches.</summary>
    /// <param name="script">Answers a request. It should depend on the request alone, since a crash repeats requests.</param>
    public ScriptedModel(Func<ScriptedRequest, ScriptedTurn> script)
    {
        ArgumentNullException.ThrowIfNull(script);
        _script = script;
    }

    /// <summary>Gets the requests that were made, in order, those included that a crash repeated.</summary>
    public IReadOnlyList<ScriptedRequest> Requests => [.. _requests];

    internal Crashes? Crashes { get; set; }

    internal ModelBinding Binding => new(
        Name, Name, new ModelProfile { Provider = Name, Streaming = false, EchoesReasoning = false }, this);

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var request = new ScriptedRequest(
            [.. options?.Instructions is { } said ? [new ChatMessage(ChatRole.System, said)] : Array.Empty<ChatMessage>(),
                .. messages],
            [.. options?.Tools?.Select(static tool => tool.Name) ?? []]);
        _requests.Enqueue(request);
        ScriptedTurn turn = _script(request);
        ChatResponse Answer() => turn.Error is { } error ? throw error : turn.ToResponse(request.Turn);
        return Crashes is { } crashes
            ? await crashes.PassAsync(
                Moment.BeforeTurn(request.Turn), Moment.AfterTurn(request.Turn), () => ValueTask.FromResult(Answer()))
                .ConfigureAwait(false)
            : Answer();
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ChatResponse response = await GetResponseAsync(messages, options, cancellationToken).ConfigureAwait(false);
        foreach (ChatResponseUpdate update in response.ToChatResponseUpdates())
        {
            yield return update;
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }
}
