using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json.Nodes;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Calls of the API as any client makes them: nothing here knows the server's types.</summary>
internal static class Call
{
    public static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    public static Task<HttpResponseMessage> SubmitAsync(this HttpClient http, string body, string? idempotencyKey = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/api/runs") { Content = Json(body) };
        if (idempotencyKey is not null)
        {
            request.Headers.Add("Idempotency-Key", idempotencyKey);
        }

        return http.SendAsync(request);
    }

    /// <summary>Submits a goal; the id of the run.</summary>
    public static async Task<string> SubmitGoalAsync(this HttpClient http, string goal)
    {
        using HttpResponseMessage response = await http.SubmitAsync(new JsonObject { ["goal"] = goal }.ToJsonString());
        return (string)(await response.JsonAsync())["id"]!;
    }

    public static async Task<JsonNode> JsonAsync(this HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

    public static async Task<JsonNode> GetJsonAsync(this HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.GetAsync(path);
        Assert.That(response.IsSuccessStatusCode, Is.True, $"{path}: {response.StatusCode}");
        return await response.JsonAsync();
    }

    /// <summary>Follows the events of a run until the server closes the stream.</summary>
    public static async IAsyncEnumerable<SseItem<string>> FollowAsync(this HttpClient http, string id, string? lastEventId = null)
    {
        CancellationToken cancellationToken = TestContext.CurrentContext.CancellationToken;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/runs/{id}/events");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead,
            cancellationToken);
        Assert.That(response.IsSuccessStatusCode, Is.True, $"{response.StatusCode}");
        await using Stream stream = await response.Content.ReadAsStreamAsync(cancellationToken);
        await foreach (SseItem<string> item in SseParser.Create(stream).EnumerateAsync(cancellationToken))
        {
            yield return item;
        }
    }

    /// <summary>Follows a run to its end, then reads it.</summary>
    public static async Task<JsonNode> EndAsync(this HttpClient http, string id)
    {
        await foreach (SseItem<string> _ in http.FollowAsync(id))
        {
        }

        return await http.GetJsonAsync($"/api/runs/{id}");
    }

    /// <summary>Checks that an answer is problem details of a status; the code.</summary>
    public static async Task<string> ProblemAsync(this HttpResponseMessage response, int status)
    {
        string body = await response.Content.ReadAsStringAsync();
        Assert.That((int)response.StatusCode, Is.EqualTo(status), body);
        Assert.That(response.Content.Headers.ContentType?.MediaType, Is.EqualTo("application/problem+json"));
        JsonNode problem = JsonNode.Parse(body)!;
        Assert.That((int)problem["status"]!, Is.EqualTo(status));
        Assert.That((string?)problem["title"], Is.Not.Empty);
        Assert.That((string?)problem["detail"], Is.Not.Empty);
        Assert.That(body, Does.Not.Contain("System.").And.Not.Contain("   at "));
        return (string)problem["code"]!;
    }
}
