using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>
/// Makes responses: the first one of a run, the next one, or one that goes on from an earlier one in a run of its own.
/// </summary>
internal sealed class NewResponses(
    AgentGateway gateway, RunSteering steering, RunForking forking, RunReader reader, ApprovalService approvals, Journal journal,
    ExchangeStore exchanges, Responses responses, ClientCalls calls, PendingRequests pending, Conversations conversations,
    TimeProvider time)
{
    /// <summary>The label by which a request is found again whose client repeats it without a key.</summary>
    private const string Label = "openai-request";

    /// <summary>Makes a response, or finds the one that the same request has made.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">The body it was read from.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="key">What makes it safe to repeat; <see langword="null"/> for nothing.</param>
    /// <param name="isRepeated">Whether the client says that it has sent it before.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<Exchange> MakeAsync(
        ResponsesRequest request, JsonObject body, Caller caller, string? key, bool isRepeated,
        CancellationToken cancellationToken)
    {
        string hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body.ToJsonString())));
        if (request is { Previous: not null, Conversation: not null })
        {
            throw OpenAIException.Invalid("previous_response_id", "name a response or a conversation, and not both.");
        }

        Conversation? within = request.Conversation is { } name
            ? await conversations.FindAsync(name, caller, RunAct.Steer, cancellationToken)
            : null;
        Exchange? previous = within is null
            ? await PreviousAsync(request, caller, cancellationToken)
            : await conversations.LastAsync(within, cancellationToken);
        if (previous is null)
        {
            JsonElement first = Keep(request, hash, key, null);
            return request.Approvals.Count > 0
                ? throw OpenAIException.Invalid("previous_response_id", "name the response that asked.")
                : within is null ? await BeginAsync(request, first, hash, caller, key, isRepeated, cancellationToken)
                : await BeginAsync(within, request, first, hash, caller, cancellationToken);
        }

        IReadOnlyList<Exchange> known = await exchanges.OfAsync(previous.RunId, Responses.Door, cancellationToken);
        EnsureTools(request, known);
        JsonElement kept = Keep(request, hash, key, known);
        Exchange? same = Repeated(known, request, hash, key, isRepeated);
        return same is null && known[^1].From != previous.From
            ? await ForkAsync(previous, request, kept, caller, key, cancellationToken)
            : await GoOnAsync(previous, same, request, kept, caller, key, cancellationToken);
    }

    /// <summary>Finds the response that a request goes on from; <see langword="null"/> if it begins a run.</summary>
    private async Task<Exchange?> PreviousAsync(ResponsesRequest request, Caller caller, CancellationToken cancellationToken)
    {
        if (request.Previous is { } previous)
        {
            return await responses.FindAsync(previous, caller, RunAct.Steer, cancellationToken);
        }

        // Clients that send the whole dialogue name no response, but the id of a call tells the run.
        return request.Outputs is [.., var output]
            ? await responses.LastAsync(output.Id.Split('/')[0], caller, cancellationToken)
            : null;
    }

    private async Task<Exchange> BeginAsync(
        ResponsesRequest request, JsonElement kept, string hash, Caller caller, string? key, bool isRepeated,
        CancellationToken cancellationToken)
    {
        string? own = null;
        if (key is null)
        {
            (own, bool isNew) = isRepeated
                ? await pending.JoinAsync(caller, hash, cancellationToken)
                : (await pending.EnterAsync(caller, hash, cancellationToken), false);
            // A run that is no longer being admitted can be found.
            if (isNew && await FindAsync(hash, caller, cancellationToken) is { } first)
            {
                await LeaveAsync();
                return first;
            }
        }

        try
        {
            RunRequest made = request.ToRunRequest() with { Labels = new Dictionary<string, string> { [Label] = hash } };
            Run run = await gateway.SubmitAsync(made, caller, key ?? $"{Responses.Door}/request/{own}", cancellationToken);
            Exchange exchange = await FirstAsync(run, kept);
            await LeaveAsync();
            return exchange;
        }
        catch (Exception e) when (e is AgentException or OperationCanceledException)
        {
            await LeaveAsync();
            throw;
        }

        Task LeaveAsync() => own is null ? Task.CompletedTask : pending.LeaveAsync(caller, hash, own);
    }

    /// <summary>Begins the run of a conversation, once: it is known by the conversation.</summary>
    private async Task<Exchange> BeginAsync(
        Conversation within, ResponsesRequest request, JsonElement kept, string hash, Caller caller,
        CancellationToken cancellationToken)
    {
        RunRequest made = (request with
        {
            Before = [.. Conversations.Before(within).Concat(request.Before)
            .Select(static one => one!.DeepClone())]
        })
            .ToRunRequest() with
        { Labels = new Dictionary<string, string> { [Label] = hash, ["openai-conversation"] = within.Name } };
        Run run = await gateway.SubmitWithIdAsync(within.Id, made, caller, $"{Responses.Door}/{within.Name}", cancellationToken);
        return await FirstAsync(run, kept);
    }

    /// <summary>Enters the first response of a run that there is now, though its caller has left.</summary>
    private Task<Exchange> FirstAsync(Run run, JsonElement kept) => exchanges.EnterAsync(
        new Exchange(run.Id, 0, Responses.Door, run.CreatedAt) { Request = kept }, CancellationToken.None);

    /// <summary>
    /// Says the next words to the run, and answers what it asked. The response is entered before, so that a request that is
    /// repeated meanwhile finds it; whatever is said is said once, however often this is done.
    /// </summary>
    private async Task<Exchange> GoOnAsync(
        Exchange previous, Exchange? same, ResponsesRequest request, JsonElement kept, Caller caller, string? key,
        CancellationToken cancellationToken)
    {
        if (request is { Words.Length: 0, Approvals.Count: 0, Outputs.Count: 0 })
        {
            throw OpenAIException.Invalid("input", "say something, or answer what was asked.");
        }

        long from = same?.From ?? previous.To ?? await journal.LengthAsync(previous.RunId, cancellationToken);
        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        Exchange exchange = same ?? await exchanges.EnterAsync(
            new Exchange(previous.RunId, from, Responses.Door, time.GetUtcNow()) { Request = kept }, cancellationToken);
        if (TextOf(exchange, "hash") != kept.GetProperty("hash").GetString())
        {
            throw OpenAIException.Invalid("previous_response_id",
                "another request goes on from it at this moment; repeat this one.");
        }

        try
        {
            await DecideAsync(previous, request, same is not null, caller, cancellationToken);
            await AnswerAsync(previous.RunId, request, caller, cancellationToken);
            if (request.Words.Length > 0)
            {
                string once = key ?? $"{Responses.Door}/{previous.RunId}/{previous.From}/{TextOf(exchange, "hash")}";
                await steering.SendAsync(previous.RunId, request.Words, caller, once, cancellationToken);
            }
        }
        catch (AgentException) when (same is null)
        {
            await exchanges.DeleteAsync(exchange, CancellationToken.None);
            throw;
        }

        return exchange;
    }

    private async Task DecideAsync(
        Exchange previous, ResponsesRequest request, bool isRepeated, Caller caller, CancellationToken cancellationToken)
    {
        foreach (ApprovalReply reply in request.Approvals)
        {
            Approval approval;
            try
            {
                approval = await approvals.GetAsync(reply.Id, null, cancellationToken);
            }
            catch (AgentException e) when (isRepeated && e.Code == ErrorCode.ApprovalNotFound)
            {
                // It was settled since it was decided.
                continue;
            }

            if (approval.RootId != previous.RunId.Split('.')[0])
            {
                throw new AgentException(
                    ErrorCode.InvalidInput, "input.approval_request_id: it belongs to another response.");
            }

            if (!isRepeated || approval.State == ApprovalState.Pending)
            {
                await approvals.DecideAsync(reply.Id, caller, reply.Approves, reply.Reason, null, cancellationToken);
            }
        }
    }

    /// <summary>Hands over the results of calls. Clients send those again that they have sent before.</summary>
    private async Task AnswerAsync(
        string runId, ResponsesRequest request, Caller caller, CancellationToken cancellationToken)
    {
        if (request.Outputs.Count == 0)
        {
            return;
        }

        if (request.Outputs.FirstOrDefault(output => !output.Id.StartsWith($"{runId}/", StringComparison.Ordinal)) is { } foreign)
        {
            throw new AgentException(ErrorCode.InvalidInput, $"input.call_id: '{foreign.Id}' belongs to another response.");
        }

        HashSet<string> open =
        [
            .. (await calls.ListOpenAsync(await reader.GetAsync(runId, cancellationToken), cancellationToken))
                .Select(static call => call.Id),
        ];
        CallOutput[] awaited = [.. request.Outputs.Where(output => open.Contains(output.Id))];
        if (awaited.Length == 0 && request.Words.Length == 0)
        {
            // Nothing waits for any of them: what is said of the last one tells why.
            awaited = [request.Outputs[^1]];
        }

        foreach (CallOutput output in awaited)
        {
            await calls.AnswerAsync(output.Id, new ClientAnswer(output.Text), caller, cancellationToken);
        }
    }

    /// <summary>Ensures that a request brings no tools along that its run did not begin with.</summary>
    private static void EnsureTools(ResponsesRequest request, IReadOnlyList<Exchange> known)
    {
        string[] had = ToolsOf(known);
        if (request.Tools.FirstOrDefault(tool => !had.Contains(tool.Name, StringComparer.Ordinal)) is { } added)
        {
            throw OpenAIException.Invalid(
                "tools", $"'{added.Name}' is none of the tools that this dialogue began with; leave it out, or begin another one.");
        }
    }

    private static string[] ToolsOf(IReadOnlyList<Exchange>? known) =>
        known is [{ Request: { } first }, ..] && first.TryGetProperty("tools", out JsonElement tools)
            ? [.. tools.EnumerateArray().Select(static tool => tool.GetString()!)]
            : [];

    private static string? TextOf(Exchange exchange, string name) =>
        exchange.Request is { } kept && kept.TryGetProperty(name, out JsonElement value) ? value.GetString() : null;

    /// <summary>Goes on from an earlier response in a run of its own: what came later stays as it is.</summary>
    private async Task<Exchange> ForkAsync(
        Exchange previous, ResponsesRequest request, JsonElement kept, Caller caller, string? key,
        CancellationToken cancellationToken)
    {
        int? turn = null;
        await foreach ((long position, JournalEvent e) in journal.ReadAsync(
            previous.RunId, previous.From, null, cancellationToken))
        {
            if (position >= previous.To || e.Type == JournalEventTypes.RunEnded)
            {
                break;
            }

            turn = e.Type == JournalEventTypes.ModelCompleted ? e.Turn : turn;
        }

        Run run = await forking.ForkAsync(
            previous.RunId,
            new ForkRequest
            {
                Turn = turn ?? throw OpenAIException.Invalid("previous_response_id", "that response has said nothing yet."),
                Message = request.Words,
            },
            caller, key, cancellationToken);
        return await FirstAsync(run, kept);
    }

    /// <summary>Finds the response that the same request has made before.</summary>
    private Exchange? Repeated(
        IReadOnlyList<Exchange> known, ResponsesRequest request, string hash, string? key, bool isRepeated)
    {
        foreach (Exchange exchange in known.Reverse())
        {
            JsonElement kept = exchange.Request ?? default;
            bool isSame = kept.ValueKind == JsonValueKind.Object && kept.GetProperty("hash").GetString() == hash;
            string? used = isSame && kept.TryGetProperty("key", out JsonElement named) ? named.GetString() : null;
            bool mayRepeat = isRepeated
                ? exchange.At > time.GetUtcNow() - PendingRequests.Longest
                : request.Approvals.Count + request.Outputs.Count > 0;
            if (isSame && (key is null ? mayRepeat : used == key))
            {
                return exchange;
            }
        }

        return null;
    }

    private async Task<Exchange?> FindAsync(string hash, Caller caller, CancellationToken cancellationToken)
    {
        var filter = new RunFilter { Label = $"{Label}={hash}", Requester = caller.Id };
        Page<Run> page = await reader.ListPageAsync(filter, 1, cancellationToken);
        return page.Items is [{ } run] && run.CreatedAt > time.GetUtcNow() - PendingRequests.Longest
            ? await exchanges.FindAsync(run.Id, 0, cancellationToken)
            : null;
    }

    /// <summary>What must be known to show the response again.</summary>
    private static JsonElement Keep(ResponsesRequest request, string hash, string? key, IReadOnlyList<Exchange>? known)
    {
        var echo = (JsonObject)request.Echo.DeepClone();
        echo["metadata"] = request.Metadata.DeepClone();
        echo["background"] = request.IsBackground;
        echo["instructions"] = request.Instructions;
        echo["previous_response_id"] = request.Previous;
        if (request.Conversation is { } conversation)
        {
            echo["conversation"] = new JsonObject { ["id"] = conversation };
        }

        var kept = new JsonObject { ["hash"] = hash, ["words"] = request.Words, ["echo"] = echo };
        if (key is not null)
        {
            kept["key"] = key;
        }

        string[] tools = known is null ? [.. request.Tools.Select(static tool => tool.Name)] : ToolsOf(known);
        if (tools.Length > 0)
        {
            kept["tools"] = new JsonArray([.. tools.Select(static tool => (JsonNode)tool)]);
        }

        return JsonElement.Parse(kept.ToJsonString());
    }
}
