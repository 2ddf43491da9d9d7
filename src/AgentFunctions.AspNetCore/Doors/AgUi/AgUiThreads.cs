using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Governance.Approvals;
using AgentFunctions.Governance.Questions;
using AgentFunctions.Records;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.AgUi;

/// <summary>Dialogues of AG-UI: a thread is a run, and each request of its client an exchange of that run.</summary>
internal sealed class AgUiThreads(
    AgentGateway gateway, RunSteering steering, RunReader reader, ExchangeStore exchanges, Journal journal,
    ApprovalService approvals, QuestionService questions, ClientCalls calls, RunStands stands, TimeProvider time)
{
    /// <summary>The name of the door.</summary>
    public const string Door = "agui";

    /// <summary>The label by which the run of a thread is found.</summary>
    private const string Label = "agui-thread";

    /// <summary>The most of what is new in a request that is kept to be shown again, in characters.</summary>
    private const int MostKept = 256 * 1024;

    /// <summary>Finds the run of a thread; <see langword="null"/> if there is none of this caller's.</summary>
    public async Task<Run?> FindAsync(string agent, string threadId, Caller caller, CancellationToken cancellationToken)
    {
        var filter = new RunFilter { Agent = agent, Requester = caller.Id, Label = $"{Label}={NameOf(agent, threadId)}" };
        Page<Run> page = await reader.ListPageAsync(filter, 1, cancellationToken);
        return page.Items is [{ } run] ? run : null;
    }

    /// <summary>Lists the exchanges of a thread, the oldest first.</summary>
    public Task<IReadOnlyList<Exchange>> ExchangesAsync(Run run, CancellationToken cancellationToken) =>
        exchanges.OfAsync(run.Id, Door, cancellationToken);

    /// <summary>Makes the exchange of a request, or finds the one that the same request has made.</summary>
    /// <returns>The exchanges of the thread up to that one.</returns>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.IdempotencyKeyReused"/>: the name was used for another request.
    /// <see cref="ErrorCode.ApprovalStateForbids"/>: something that was asked is not answered.
    /// </exception>
    public async Task<IReadOnlyList<Exchange>> MakeAsync(
        string agent, AgUiInput input, Caller caller, CancellationToken cancellationToken)
    {
        string thread = NameOf(agent, input.ThreadId);
        if (await FindAsync(agent, input.ThreadId, caller, cancellationToken) is not { } run)
        {
            run = await gateway.SubmitAsync(RequestOf(agent, thread, input), caller, $"{Door}/{thread}", cancellationToken);
            return
            [
                await exchanges.EnterAsync(
                    new Exchange(run.Id, 0, Door, run.CreatedAt) { Request = Keep(input, []) }, CancellationToken.None),
            ];
        }

        IReadOnlyList<Exchange> known = await ExchangesAsync(run, cancellationToken);
        Exchange? same = known.FirstOrDefault(one => Text(one, "runId") == input.RunId);
        if (same is not null && Text(same, "hash") != input.Hash)
        {
            throw new AgentException(ErrorCode.IdempotencyKeyReused, "runId: it was used for another request; use a new one.");
        }

        // Without any, a crash cut off the request that began it: this is it again, or the next one.
        bool isFirst = known.Count == 0 && input.Last is { } goal && AgUiInput.TextOf(goal) == run.Goal;
        if (known.Count > 0)
        {
            EnsureTools(input, known);
        }

        // It is entered before anything is said, so that a request that is repeated after a crash says the rest.
        long from = isFirst ? 0
            : known.Count > 0 && known[^1].To is { } to ? to
            : await journal.LengthAsync(run.Id, cancellationToken);
        // From here on it is carried through, though its caller leaves.
        cancellationToken = CancellationToken.None;
        Exchange exchange = same ?? await exchanges.EnterAsync(
            new Exchange(run.Id, from, Door, time.GetUtcNow()) { Request = Keep(input, known) }, cancellationToken);
        try
        {
            await ResumeAsync(run, input, same is not null, caller, cancellationToken);
            await AnswerAsync(run, input, caller, cancellationToken);
            HashSet<string> seen = [.. known.Where(one => one.From != exchange.From).SelectMany(static one => IdsOf(one))];
            if (exchange.From > 0 && input.Last is { } last && !seen.Contains(last["id"]?.ToString() ?? "")
                && AgUiInput.TextOf(last) is { Length: > 0 } words)
            {
                await steering.SendAsync(run.Id, words, caller, $"{Door}/{thread}/{input.Hash}", cancellationToken);
            }
        }
        catch (AgentException) when (same is null)
        {
            await exchanges.DeleteAsync(exchange, CancellationToken.None);
            throw;
        }

        return [.. known.Where(one => one.From < exchange.From), exchange];
    }

    /// <summary>Answers what was asked: all of it at once.</summary>
    private async Task ResumeAsync(
        Run run, AgUiInput input, bool isRepeated, Caller caller, CancellationToken cancellationToken)
    {
        RunStand stand = await stands.GetAsync(run.Id, caller, RunAct.Steer, cancellationToken);
        if (!isRepeated && stand.Answerable.FirstOrDefault(open => input.Resume.All(one => one.Id != open.Id)) is { } left)
        {
            throw new AgentException(
                ErrorCode.ApprovalStateForbids, $"resume: '{left.Id}' is not answered; answer all that was asked.");
        }

        // Of a request that is repeated, what was answered before is answered.
        foreach (AgUiResume resume in input.Resume.Where(one => !isRepeated || stand.Answerable.Any(open => open.Id == one.Id)))
        {
            OpenQuestion open = stand.Answerable.FirstOrDefault(one => one.Id == resume.Id)
                ?? throw new AgentException(
                    ErrorCode.ApprovalStateForbids, $"resume: '{resume.Id}' waits for no answer of yours, or no longer.");
            if (open.Question is { } question)
            {
                await (resume.IsCancelled
                    ? questions.DeclineAsync(question.Id, caller, "abandoned", cancellationToken)
                    : questions.AnswerAsync(
                        question.Id, caller, JsonElement.Parse(resume.Payload.ToJsonString()), cancellationToken));
                continue;
            }

            bool approves = !resume.IsCancelled && resume.Payload["approved"] is JsonValue said
                && said.TryGetValue(out bool approved) && approved;
            JsonElement? edited = approves
                && DoorJson.Object(resume.Payload["editedArgs"], "resume.payload.editedArgs") is { } arguments
                ? JsonElement.Parse(arguments.ToJsonString())
                : null;
            string? comment = resume.IsCancelled ? "abandoned" : resume.Payload["comment"]?.ToString();
            string? hash = resume.Payload["callHash"]?.ToString();
            await approvals.DecideAsync(resume.Id, caller, approves, comment, edited, hash, cancellationToken);
        }
    }

    /// <summary>Hands over the results of calls that the client has executed. Others are known to the run.</summary>
    private async Task AnswerAsync(Run run, AgUiInput input, Caller caller, CancellationToken cancellationToken)
    {
        foreach (ClientCall call in await calls.ListOpenAsync(run, cancellationToken))
        {
            JsonNode? message = input.Messages.LastOrDefault(one =>
                one?["role"]?.ToString() == "tool" && one["toolCallId"]?.ToString() == call.Id);
            if (message is null)
            {
                continue;
            }

            string? error = message["error"]?.ToString();
            await calls.AnswerAsync(
                call.Id, new ClientAnswer(error ?? AgUiInput.TextOf(message), error is not null), caller, cancellationToken);
        }
    }

    /// <summary>Ensures that a request brings no tools along that its thread did not begin with.</summary>
    private static void EnsureTools(AgUiInput input, IReadOnlyList<Exchange> known)
    {
        string[] had = known is [{ Request: { } first }, ..] && first.TryGetProperty("tools", out JsonElement tools)
            ? [.. tools.EnumerateArray().Select(static tool => tool.GetString()!)]
            : [];
        if (input.Tools.FirstOrDefault(tool => !had.Contains(tool.Name, StringComparer.Ordinal)) is { } added)
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"tools: '{added.Name}' is none of the tools that this thread began with; leave it out, or begin another thread.");
        }
    }

    private static RunRequest RequestOf(string agent, string thread, AgUiInput input)
    {
        JsonObject further = input.Further is { } given ? (JsonObject)given.DeepClone() : [];
        JsonNode[] before =
        [
            .. input.Messages.Where(message => message != input.Last).Select(static message =>
                new JsonObject { ["role"] = message?["role"]?.ToString(), ["content"] = AgUiInput.TextOf(message) }),
        ];
        if (before.Length > 0)
        {
            further["messages"] = new JsonArray(before);
        }

        return new RunRequest
        {
            Agent = agent,
            Goal = AgUiInput.TextOf(input.Last),
            Input = further.Count == 0 ? null : JsonElement.Parse(further.ToJsonString()),
            ClientTools = input.Tools.Count == 0 ? null : input.Tools,
            Labels = new Dictionary<string, string> { [Label] = thread },
        };
    }

    private static JsonElement Keep(AgUiInput input, IReadOnlyList<Exchange> known)
    {
        var kept = new JsonObject
        {
            ["threadId"] = input.ThreadId,
            ["runId"] = input.RunId,
            ["hash"] = input.Hash,
            ["ids"] = new JsonArray([.. input.Ids.Select(static id => (JsonNode)id)]),
        };
        if (input.TellsSubAgents)
        {
            kept["subAgents"] = true;
        }

        if (input.Tools.Count > 0)
        {
            kept["tools"] = new JsonArray([.. input.Tools.Select(static tool => (JsonNode)tool.Name)]);
        }

        kept["messages"] = NewOf(input.Messages, known);
        return JsonElement.Parse(kept.ToJsonString());
    }

    /// <summary>What no exchange before has of a dialogue: its client sends all of it each time, and it is kept once.</summary>
    private static JsonArray NewOf(JsonArray messages, IReadOnlyList<Exchange> known)
    {
        Dictionary<string, JsonNode> had = ById(known);
        var added = new JsonArray();
        int left = MostKept;
        foreach (JsonNode message in messages.OfType<JsonNode>()
            .Where(message => !JsonNode.DeepEquals(message, had.GetValueOrDefault(IdOf(message)))))
        {
            int length = message.ToJsonString().Length;
            if (length <= left)
            {
                left -= length;
                added.Add(message.DeepClone());
            }
        }

        return added;
    }

    /// <summary>Gets a text that was kept with an exchange.</summary>
    public static string Text(Exchange exchange, string name) => exchange.Request!.Value.GetProperty(name).GetString()!;

    /// <summary>Determines whether the client of an exchange wants to be told what sub-agents say.</summary>
    public static bool TellsSubAgents(Exchange exchange) =>
        exchange.Request!.Value.TryGetProperty("subAgents", out JsonElement kept) && kept.ValueKind == JsonValueKind.True;

    /// <summary>Gets the dialogue as the client of an exchange knew it.</summary>
    /// <param name="exchange">The exchange.</param>
    /// <param name="known">The exchanges of its thread, the oldest first.</param>
    public static IReadOnlyList<JsonNode> MessagesOf(Exchange exchange, IReadOnlyList<Exchange> known)
    {
        Dictionary<string, JsonNode> all = ById(known.Where(one => one.From <= exchange.From));
        var unnamed = new Queue<JsonNode>(KeptWith(exchange).Where(static message => IdOf(message).Length == 0));
        return
        [
            .. IdsOf(exchange)
                .Select(id => id.Length > 0 ? all.GetValueOrDefault(id) : unnamed.TryDequeue(out JsonNode? next) ? next : null)
                .OfType<JsonNode>(),
        ];
    }

    /// <summary>Adds to a dialogue what of a later one is new in it.</summary>
    public static JsonArray Joined(JsonArray dialogue, IReadOnlyList<JsonNode> later)
    {
        HashSet<string> known = [.. dialogue.Select(IdOf)];
        foreach (JsonNode message in later.Where(message => !known.Contains(IdOf(message))))
        {
            dialogue.Add(message.DeepClone());
        }

        return dialogue;
    }

    private static Dictionary<string, JsonNode> ById(IEnumerable<Exchange> exchanges)
    {
        var all = new Dictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (JsonNode message in exchanges.SelectMany(KeptWith).Where(static message => IdOf(message).Length > 0))
        {
            all[IdOf(message)] = message;
        }

        return all;
    }

    private static IEnumerable<JsonNode> KeptWith(Exchange exchange) =>
        exchange.Request!.Value.TryGetProperty("messages", out JsonElement kept)
            ? ((JsonArray)JsonNode.Parse(kept.GetRawText())!).OfType<JsonNode>()
            : [];

    private static string IdOf(JsonNode? message) => message?["id"]?.ToString() ?? "";

    private static IEnumerable<string> IdsOf(Exchange exchange) =>
        exchange.Request!.Value.GetProperty("ids").EnumerateArray().Select(static id => id.GetString()!);

    private static string NameOf(string agent, string threadId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{agent}\n{threadId}")));
}
