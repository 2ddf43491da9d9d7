using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.OpenApi;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Records;
using AgentFunctions.Views;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace AgentFunctions.AspNetCore.Runs;

/// <summary>What the model saw and said.</summary>
internal static class TranscriptEndpoints
{
    private const int MaxPage = 200;

    public static void MapTranscript(this IEndpointRouteBuilder runs) =>
        runs.MapGet("/{id}/transcript", GetAsync)
            .WithName("getTranscript")
            .WithSummary("Read what the model saw and said, page by page.")
            .WithQuery("from", "The position of the first message; 0 by default.", 0, long.MaxValue - 1)
            .WithQuery("limit", "The most messages of the page; 50 by default.", 1, MaxPage)
            .Produces<TranscriptResource>()
            .ProducesProblems(400, 401, 403, 404, 410, 503);

    private static async Task<IResult> GetAsync(
        string id, HttpRequest request, RunReader reader, Transcript transcript, Redactor redactor, CancellationToken cancellationToken)
    {
        long from = request.Query.Position("from") ?? 0;
        int limit = request.Query.Number("limit", 50, 1, MaxPage);
        await reader.GetAsync(id, cancellationToken);
        var page = new List<MessageResource>();
        await foreach (TranscriptEntry entry in transcript.ReadAsync(id, from, limit + 1, cancellationToken))
        {
            if (page.Count == limit)
            {
                return Answers.Json(new TranscriptResource(page, entry.Position));
            }

            page.Add(MessageResource.Of(entry, redactor));
        }

        return Answers.Json(new TranscriptResource(page, null));
    }
}
