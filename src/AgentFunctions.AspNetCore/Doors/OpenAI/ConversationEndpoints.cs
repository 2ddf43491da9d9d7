using System.Globalization;
using System.Text.Json.Nodes;
using AgentFunctions.AspNetCore.Doors.Shared;
using AgentFunctions.Gateway.Access;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Doors.OpenAI;

/// <summary>The addresses of conversations.</summary>
internal static class ConversationEndpoints
{
    private const int MostListed = 100;

    public static void MapConversations(this IEndpointRouteBuilder door)
    {
        door.MapPost("/conversations", OpenAsync);
        door.MapGet("/conversations", ListOfCallerAsync);
        door.MapGet("/conversations/{id}", GetAsync);
        door.MapPost("/conversations/{id}", ChangeAsync);
        door.MapDelete("/conversations/{id}", DeleteAsync);
        door.MapGet("/conversations/{id}/items", ListAsync);
        door.MapPost("/conversations/{id}/items", AddAsync);
        door.MapGet("/conversations/{id}/items/{item}", GetItemAsync);
    }

    private static async Task<IResult> OpenAsync(
        HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Caller caller = OpenAIDoor.CallerOf(http, null);
        DoorCallers.EnsureMaySubmit(caller);
        JsonObject body = await OpenAIJson.ReadAsync(http.Request, cancellationToken);
        return Answer(await conversations.OpenAsync(body, caller, cancellationToken));
    }

    /// <summary>
    /// Lists the conversations of the caller that have responses, the newest first: OpenAI has no such list, DevUI asks for it.
    /// </summary>
    private static async Task<IResult> ListOfCallerAsync(
        HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        string agent = http.Request.Query["agent_id"].ToString();
        IReadOnlyList<Conversation> found = await conversations.ListAsync(
            agent.Length == 0 ? null : agent, OpenAIDoor.CallerOf(http, null), cancellationToken);
        return OpenAIJson.Answer(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. found.Select(JsonOf)]),
            ["has_more"] = false,
        });
    }

    private static async Task<IResult> GetAsync(
        string id, HttpContext http, Conversations conversations, CancellationToken cancellationToken) =>
        Answer(await conversations.FindAsync(id, OpenAIDoor.CallerOf(http, id), RunAct.See, cancellationToken));

    private static async Task<IResult> ChangeAsync(
        string id, HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Conversation found = await conversations.FindAsync(id, OpenAIDoor.CallerOf(http, id), RunAct.Steer, cancellationToken);
        JsonObject body = await OpenAIJson.ReadAsync(http.Request, cancellationToken);
        return Answer(await conversations.ChangeAsync(found, body, cancellationToken));
    }

    private static async Task<IResult> DeleteAsync(
        string id, HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Conversation found = await conversations.FindAsync(id, OpenAIDoor.CallerOf(http, id), RunAct.Steer, cancellationToken);
        await conversations.DeleteAsync(found, cancellationToken);
        return OpenAIJson.Answer(new JsonObject { ["id"] = id, ["object"] = "conversation.deleted", ["deleted"] = true });
    }

    private static async Task<IResult> ListAsync(
        string id, HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Caller caller = OpenAIDoor.CallerOf(http, id);
        Conversation found = await conversations.FindAsync(id, caller, RunAct.See, cancellationToken);
        IEnumerable<JsonObject> items = await conversations.ItemsAsync(found, caller, cancellationToken);
        string order = http.Request.Query["order"].ToString();
        items = order switch
        {
            "asc" => items,
            "" or "desc" => items.Reverse(),
            _ => throw OpenAIException.Invalid("order", "use asc or desc."),
        };
        if (http.Request.Query["after"].ToString() is { Length: > 0 } after)
        {
            items = items.SkipWhile(item => item["id"]!.ToString() != after).Skip(1);
        }

        string given = http.Request.Query["limit"].ToString();
        int limit = given.Length == 0 ? 20
            : int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out int number)
                && number is > 0 and <= MostListed
                ? number
                : throw OpenAIException.Invalid("limit", $"use 1 to {MostListed}.");
        JsonObject[] left = [.. items.Take(limit + 1)];
        return OpenAIJson.Answer(List([.. left.Take(limit)], left.Length > limit));
    }

    private static async Task<IResult> AddAsync(
        string id, HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Conversation found = await conversations.FindAsync(id, OpenAIDoor.CallerOf(http, id), RunAct.Steer, cancellationToken);
        JsonObject body = await OpenAIJson.ReadAsync(http.Request, cancellationToken);
        return OpenAIJson.Answer(List(await conversations.AddAsync(found, body, cancellationToken), false));
    }

    private static async Task<IResult> GetItemAsync(
        string id, string item, HttpContext http, Conversations conversations, CancellationToken cancellationToken)
    {
        Caller caller = OpenAIDoor.CallerOf(http, id);
        Conversation found = await conversations.FindAsync(id, caller, RunAct.See, cancellationToken);
        return (await conversations.ItemsAsync(found, caller,
            cancellationToken)).FirstOrDefault(one => one["id"]!.ToString() == item)
            is { } known
                ? OpenAIJson.Answer(known)
                : throw Conversation.NotFound(item);
    }

    private static JsonObject List(IReadOnlyList<JsonObject> items, bool hasMore) => new()
    {
        ["object"] = "list",
        ["data"] = new JsonArray([.. items]),
        ["first_id"] = items.Count == 0 ? null : items[0]["id"]!.ToString(),
        ["last_id"] = items.Count == 0 ? null : items[^1]["id"]!.ToString(),
        ["has_more"] = hasMore,
    };

    private static IResult Answer(Conversation conversation) => OpenAIJson.Answer(JsonOf(conversation));

    private static JsonObject JsonOf(Conversation conversation) => new()
    {
        ["id"] = conversation.Name,
        ["object"] = "conversation",
        ["created_at"] = conversation.At.ToUnixTimeSeconds(),
        ["metadata"] = conversation.Metadata is { } metadata ? JsonNode.Parse(metadata.GetRawText()) : new JsonObject(),
    };
}
