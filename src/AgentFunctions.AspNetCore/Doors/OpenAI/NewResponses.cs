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
    ExchangeStore exchanges, Responses responses, TimeProvider time)
{
    /// <summary>The label by which a request is found again whose client repeats it without a key.</summary>
    private const string Label = "openai-request";

    /// <summary>How long a client repeats a request whose answer it did not get.</summary>
    private static readonly TimeSpan Repeats = TimeSpan.FromMinutes(10);

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
        JsonElement kept = Keep(request, hash, key);
        if (request.Previous is null)
        {
            return request.Approvals.Count == 0
                ? await BeginAsync(request, kept, hash, caller, key, isRepeated, cancellationToken)
                : throw OpenAIException.Invalid("previous_response_id", "name the response that asked.");
        }

        Exchange previous = await responses.FindAsync(request.Previous, caller, RunAct.Steer, cancellationToken);
        IReadOnlyList<Exchange> known = await exchanges.OfAsync(previous.RunId, Responses.Door, cancellationToken);
        return Repeated(known, request, hash, key, isRepeated)
            ?? (known[^1].From == previous.From
                ? await GoOnAsync(previous, request, kept, caller, key, cancellationToken)
                : await ForkAsync(previous, request, kept, caller, key, cancellationToken));
    }

    private async Task<Exchange> BeginAsync(
        ResponsesRequest request, JsonElement kept, string hash, Caller caller, string? key, bool isRepeated,
        CancellationToken cancellationToken)
    {
        if (isRepeated && key is null && await FindAsync(hash, caller, cancellationToken) is { } first)
        {
            return first;
        }

        RunRequest made = request.ToRunRequest() with { Labels = new Dictionary<string, string> { [Label] = hash } };
        Run run = await gateway.SubmitAsync(made, caller, key, cancellationToken);
        return await exchanges.EnterAsync(
            new Exchange(run.Id, 0, Responses.Door, run.CreatedAt) { Request = kept }, cancellationToken);
    }

    /// <summary>Says the next words to the run, and answers what it asked.</summary>
    private async Task<Exchange> GoOnAsync(
        Exchange previous, ResponsesRequest request, JsonElement kept, Caller caller, string? key,
        CancellationToken cancellationToken)
    {
        if (request is { Words.Length: 0, Approvals.Count: 0 })
        {
            throw OpenAIException.Invalid("input", "say something, or answer what was asked.");
        }

        long from = previous.To ?? await journal.LengthAsync(previous.RunId, cancellationToken);
        foreach (ApprovalReply reply in request.Approvals)
        {
            Approval approval = await approvals.GetAsync(reply.Id, null, cancellationToken);
            if (approval.RootId != previous.RunId.Split('.')[0])
            {
                throw OpenAIException.Invalid("input.approval_request_id", "it belongs to another response.");
            }

            await approvals.DecideAsync(reply.Id, caller, reply.Approves, reply.Reason, null, cancellationToken);
        }

        if (request.Words.Length > 0)
        {
            await steering.SendAsync(previous.RunId, request.Words, caller, key, cancellationToken);
        }

        return await exchanges.EnterAsync(
            new Exchange(previous.RunId, from, Responses.Door, time.GetUtcNow()) { Request = kept }, cancellationToken);
    }

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
        return await exchanges.EnterAsync(
            new Exchange(run.Id, 0, Responses.Door, run.CreatedAt) { Request = kept }, cancellationToken);
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
            bool mayRepeat = isRepeated ? exchange.At > time.GetUtcNow() - Repeats : request.Approvals.Count > 0;
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
        return page.Items is [{ } run] && run.CreatedAt > time.GetUtcNow() - Repeats
            ? await exchanges.FindAsync(run.Id, 0, cancellationToken)
            : null;
    }

    /// <summary>What must be known to show the response again.</summary>
    private static JsonElement Keep(ResponsesRequest request, string hash, string? key)
    {
        var echo = (JsonObject)request.Echo.DeepClone();
        echo["metadata"] = request.Metadata.DeepClone();
        echo["background"] = request.IsBackground;
        echo["instructions"] = request.Instructions;
        echo["previous_response_id"] = request.Previous;
        var kept = new JsonObject { ["hash"] = hash, ["words"] = request.Words, ["echo"] = echo };
        if (key is not null)
        {
            kept["key"] = key;
        }

        return JsonElement.Parse(kept.ToJsonString());
    }
}
