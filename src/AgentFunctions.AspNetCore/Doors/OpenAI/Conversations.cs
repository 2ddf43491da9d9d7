using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Durability;
using AgentFunctions.Gateway;
using AgentFunctions.Gateway.Access;
using AgentFunctions.Runs;
using AgentFunctions.Storage;
using AgentFunctions.Views;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>Opens and reads conversations: each is a run, which begins with the first response.</summary>
internal sealed class Conversations(
    IRecordStore records, AgentGateway gateway, ExchangeStore exchanges, Responses responses, RunAccess access, TimeProvider time)
{
    /// <summary>The most items that a conversation begins with.</summary>
    private const int MostItems = 20;

    private const int MostMetadata = 16;

    private const int MostListed = 50;

    /// <summary>Opens a conversation.</summary>
    public async Task<Conversation> OpenAsync(JsonObject body, Caller caller, CancellationToken cancellationToken)
    {
        var opened = new Conversation(gateway.NewRunId(), caller.Id, time.GetUtcNow())
        {
            Metadata = MetadataOf(body),
            Items = ItemsOf(body["items"], []),
        };
        await PutAsync(opened, cancellationToken);
        return opened;
    }

    /// <summary>Finds a conversation of a caller.</summary>
    /// <exception cref="OpenAIException">There is none.</exception>
    public async Task<Conversation> FindAsync(string name, Caller caller, RunAct act, CancellationToken cancellationToken)
    {
        string id = Conversation.Read(name);
        if (await records.GetAsync(KeyOf(id), cancellationToken) is { } stored)
        {
            Conversation found = JsonSerializer.Deserialize(stored.Value.Span, ConversationJsonContext.Default.Conversation)!;
            return found.By == caller.Id || caller.Has(CallerRoles.Operator) || caller.Has(CallerRoles.Admin)
                ? found with { Etag = stored.Etag }
                : throw Conversation.NotFound(name);
        }

        // Each run of this door is a conversation, whether it was opened or not.
        try
        {
            await access.EnsureAsync(caller, id, act, cancellationToken);
        }
        catch (AgentException e) when (e.Code is ErrorCode.RunNotFound)
        {
            throw Conversation.NotFound(name);
        }

        return await exchanges.OfAsync(id, Responses.Door, cancellationToken) is [var first, ..]
            ? new Conversation(id, caller.Id, first.At)
            : throw Conversation.NotFound(name);
    }

    /// <summary>Lists the conversations of a caller that have responses, the newest first.</summary>
    /// <param name="agent">Whose; <see langword="null"/> for all agents.</param>
    /// <param name="caller">The caller.</param>
    /// <param name="cancellationToken">The token to cancel the wait.</param>
    public async Task<IReadOnlyList<Conversation>> ListAsync(string? agent, Caller caller, CancellationToken cancellationToken)
    {
        var found = new List<Conversation>();
        Page<Run> runs = await responses.RunsAsync(new RunFilter { Agent = agent, Requester = caller.Id }, MostListed,
            cancellationToken);
        foreach (Run run in runs.Items)
        {
            if (await exchanges.OfAsync(run.Id, Responses.Door, cancellationToken) is [var first, ..])
            {
                found.Add(await records.GetAsync(KeyOf(run.Id), cancellationToken) is { } stored
                    ? JsonSerializer.Deserialize(stored.Value.Span, ConversationJsonContext.Default.Conversation)!
                    : new Conversation(run.Id, caller.Id, first.At));
            }
        }

        return found;
    }

    /// <summary>Finds the last response of a conversation; <see langword="null"/> if it has none yet.</summary>
    public async Task<Exchange?> LastAsync(Conversation conversation, CancellationToken cancellationToken) =>
        await exchanges.OfAsync(conversation.Id, Responses.Door, cancellationToken) is [.., var last] ? last : null;

    /// <summary>Replaces the client's own names for things.</summary>
    public async Task<Conversation> ChangeAsync(
        Conversation conversation, JsonObject body, CancellationToken cancellationToken)
    {
        Conversation changed = conversation with { Metadata = MetadataOf(body) };
        await PutAsync(changed, cancellationToken);
        return changed;
    }

    /// <summary>Adds items before the first response.</summary>
    /// <exception cref="OpenAIException">There is a response: what is said since comes with responses.</exception>
    public async Task<IReadOnlyList<JsonObject>> AddAsync(
        Conversation conversation, JsonObject body, CancellationToken cancellationToken)
    {
        if (await LastAsync(conversation, cancellationToken) is not null)
        {
            throw OpenAIException.Invalid("items",
                "this conversation has responses; send what is new as the input of the next one.");
        }

        JsonArray before = Before(conversation);
        Conversation changed = conversation with { Items = ItemsOf(body["items"], before) };
        await PutAsync(changed, cancellationToken);
        return [.. Given(changed).Skip(before.Count)];
    }

    /// <summary>Forgets a conversation. Its run is kept for as long as its retention says.</summary>
    public async Task DeleteAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        foreach (Exchange exchange in await exchanges.OfAsync(conversation.Id, Responses.Door, cancellationToken))
        {
            await exchanges.DeleteAsync(exchange, CancellationToken.None);
        }

        await records.DeleteAsync(KeyOf(conversation.Id), default, CancellationToken.None);
    }

    /// <summary>Lists all items of a conversation, the oldest first.</summary>
    public async Task<IReadOnlyList<JsonObject>> ItemsAsync(
        Conversation conversation, Caller caller, CancellationToken cancellationToken)
    {
        List<JsonObject> items = [.. Given(conversation)];
        foreach (Exchange exchange in await exchanges.OfAsync(conversation.Id, Responses.Door, cancellationToken))
        {
            if (Responses.InputOf(exchange) is { } said)
            {
                items.Add(said);
            }

            JsonObject response = await responses.ViewAsync(exchange, caller, cancellationToken);
            items.AddRange(response["output"]!.AsArray().Select(static item => (JsonObject)item!.DeepClone()));
        }

        return items;
    }

    /// <summary>Gets the items before the first response, as a request has them.</summary>
    public static JsonArray Before(Conversation conversation) =>
        conversation.Items is { } items ? (JsonArray)JsonNode.Parse(items.GetRawText())! : [];

    private static IEnumerable<JsonObject> Given(Conversation conversation) =>
        Before(conversation).Index().Select(one => new JsonObject
        {
            ["id"] = $"msg_{conversation.Id}_given_{one.Index}",
            ["type"] = "message",
            ["role"] = one.Item!["role"]!.ToString(),
            ["status"] = "completed",
            ["content"] = new JsonArray(new JsonObject
            {
                ["type"] = one.Item["role"]!.ToString() == "assistant" ? "output_text" : "input_text",
                ["text"] = one.Item["content"]!.ToString(),
            }),
        });

    private static JsonElement? ItemsOf(JsonNode? items, JsonArray before)
    {
        if (items is null)
        {
            return before.Count == 0 ? null : JsonElement.Parse(before.ToJsonString());
        }

        JsonArray given = items as JsonArray is { Count: <= MostItems } list
            ? list
            : throw OpenAIException.Invalid("items", $"send a list of at most {MostItems}.");
        var input = ResponsesInput.Read(given.DeepClone(), isDialogue: true);
        return JsonElement.Parse(new JsonArray([.. before.Concat(input.Before)
            .Select(static one => one!.DeepClone())]).ToJsonString());
    }

    private static JsonElement? MetadataOf(JsonObject body) => body["metadata"] switch
    {
        null => null,
        JsonObject { Count: <= MostMetadata } given when given.All(static one => one.Value is JsonValue value
            && value.TryGetValue(out string? _)) =>
            JsonElement.Parse(given.ToJsonString()),
        _ => throw OpenAIException.Invalid("metadata", $"send an object of at most {MostMetadata} texts."),
    };

    private async Task PutAsync(Conversation conversation, CancellationToken cancellationToken)
    {
        try
        {
            await records.PutAsync(
                KeyOf(conversation.Id),
                JsonSerializer.SerializeToUtf8Bytes(conversation, ConversationJsonContext.Default.Conversation),
                conversation.Etag is { } etag ? RecordCondition.IfMatch(etag) : default, cancellationToken);
        }
        catch (AgentException e) when (e.Code == ErrorCode.EtagConflict)
        {
            throw OpenAIException.Invalid("conversation", "another request changes it at this moment; repeat this one.");
        }
    }

    private static string KeyOf(string id) => $"conversations/{id}";
}
