using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Prompts;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What the model saw and said.</summary>
internal static class TranscriptEndpoints
{
    private const int MaxPage = 200;

    public static void MapTranscript(this IEndpointRouteBuilder runs)
    {
        runs.MapGet("/{id}/transcript", GetAsync)
            .WithName("getTranscript")
            .WithSummary("Read what the model saw and said, page by page.")
            .WithDescription("A search looks at 5,000 messages at most and then answers with `next`, whether it found any or not.")
            .WithQuery("from", "The position of the first message; 0 by default.", 0, long.MaxValue - 1)
            .WithQuery(
                "before", "The position before which the page ends: its messages are the last ones before it. Not with from, turn or q.",
                0, long.MaxValue - 1)
            .WithQuery("turn", "Only messages of this turn.", 1, int.MaxValue)
            .WithQuery("q", "Only messages with these words, in texts, calls or results; capital letters do not matter.")
            .WithQuery("limit", "The most messages of the page; 50 by default.", 1, MaxPage)
            .Produces<TranscriptResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);
        runs.MapGet("/{id}/shown", ShownAsync)
            .WithName("getShown")
            .WithSummary(
                "Get what the model was shown at a turn: instructions, tools, goal, the summary of what was left out, and the messages.")
            .WithQuery("turn", "The turn; by default the last one.", 1, int.MaxValue)
            .Produces<ShownResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);
    }

    private static async Task<IResult> GetAsync(
        string id, HttpRequest request, RunReader reader, TranscriptPages transcript, Redactor redactor,
        CancellationToken cancellationToken)
    {
        var query = new TranscriptQuery
        {
            From = request.Query.Position("from") ?? 0,
            Before = request.Query.Position("before"),
            Turn = request.Query.Number("turn", 1, int.MaxValue),
            Text = request.Query.Text("q"),
        };
        int limit = request.Query.Number("limit", 50, 1, MaxPage);
        if (query is { Before: not null } and not { From: 0, Turn: null, Text: null })
        {
            throw new AgentException(ErrorCode.InvalidInput, "before: leave out from, turn and q.");
        }

        await reader.GetAsync(id, cancellationToken);
        TranscriptPage page = await transcript.ReadAsync(id, query, limit, cancellationToken);
        MessageResource[] messages = [.. page.Messages.Select(entry => MessageResource.Of(entry, redactor))];
        return Answers.Json(new TranscriptResource(messages, page.Next) { Previous = page.Previous });
    }

    private static async Task<IResult> ShownAsync(
        string id, HttpRequest request, RunReader reader, ShownRequests shown, Redactor redactor,
        CancellationToken cancellationToken)
    {
        int? turn = request.Query.Number("turn", 1, int.MaxValue);
        int last = Math.Max(1, (await reader.GetAsync(id, cancellationToken)).Turns);
        return Answers.Json(ShownResource.Of(await shown.GetAsync(id, turn ?? last, cancellationToken), redactor));
    }
}
