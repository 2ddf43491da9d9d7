using System.Net;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore.Doors;

namespace AgentFunctions.Tests.AspNetCore.Security;

/// <summary>What a page of an origin that <c>Api:Origins</c> lists may send to each door, and read of its answers.</summary>
[CancelAfter(300_000)]
internal sealed class PreflightTests
{
    private const string Page = "https://pages.example.com";

    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await DoorHost.StartAsync(
        static _ => ChatReply.Say("Done."), [], ("Api:Origins:0", Page));

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("api/runs", "authorization,prefer")]
    [TestCase("v1/responses", "authorization,content-type,x-stainless-lang,x-stainless-retry-count")]
    [TestCase("mcp", "authorization,mcp-protocol-version,mcp-session-id")]
    [TestCase("a2a/worker", "a2a-version,authorization")]
    [TestCase("agui/worker", "authorization,last-event-id")]
    public async Task Preflight_OfAListedOrigin_AllowsTheHeadersThatItAsksFor(string address, string headers)
    {
        using HttpResponseMessage answer = await AskAsync(address, Page, headers);

        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NoContent));
        Assert.That(
            answer.Headers.GetValues("Access-Control-Allow-Headers").Single().Split(", "), Is.EqualTo(headers.Split(',')));
        Assert.That(answer.Headers.GetValues("Access-Control-Allow-Origin").Single(), Is.EqualTo(Page));
        Assert.That(
            answer.Headers.GetValues("Access-Control-Expose-Headers").Single().Split(", "),
            Is.SupersetOf(new[] { "Mcp-Session-Id", "Preference-Applied", "x-should-retry", "Retry-After" }));
        Assert.That(answer.Headers.Vary, Does.Contain("Origin").And.Contain("Access-Control-Request-Headers"));
        Assert.That(answer.Headers.Contains("Access-Control-Allow-Credentials"), Is.False);
    }

    [TestCase("https://evil.example.com", "authorization", HttpStatusCode.Forbidden)]
    [TestCase(Page, "authorization, <b>, x y", HttpStatusCode.NoContent)]
    public async Task Preflight_OfOthersOrWithOddNames_AllowsNoneOfThem(string origin, string headers, HttpStatusCode status)
    {
        using HttpResponseMessage answer = await AskAsync("v1/responses", origin, headers);

        Assert.That(answer.StatusCode, Is.EqualTo(status));
        Assert.That(
            answer.Headers.TryGetValues("Access-Control-Allow-Headers", out IEnumerable<string>? names) ? names.Single() : null,
            Is.EqualTo(status == HttpStatusCode.NoContent ? "authorization" : null));
    }

    private async Task<HttpResponseMessage> AskAsync(string address, string origin, string headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, address);
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.TryAddWithoutValidation("Access-Control-Request-Headers", headers);
        return await _host.Client.SendAsync(request);
    }
}
