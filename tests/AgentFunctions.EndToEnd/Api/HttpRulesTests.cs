using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using AgentFunctions.Records;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.EndToEnd.Api;

/// <summary>Methods, content types, unknown ids, wrong queries, downloads, probes.</summary>
[CancelAfter(300_000)]
internal sealed class HttpRulesTests
{
    private ApiHost _host = null!;

    [OneTimeSetUp]
    public async Task StartAsync() => _host = await ApiHost.StartAsync(
        configure: options => options.Heartbeat = TimeSpan.FromMilliseconds(100),
        map: app =>
        {
            app.MapGet("/own", IResult () => Results.NotFound());
        });

    [OneTimeTearDown]
    public async Task StopAsync() => await _host.DisposeAsync();

    [TestCase("GET", "/api/runs/unknown", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/..%2f..%2fetc", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/unknown/events", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/unknown/events?follow=false", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/unknown/transcript", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/unknown/artifacts", 404, "runNotFound")]
    [TestCase("GET", "/api/runs/unknown/artifacts/a.txt", 404, "runNotFound")]
    [TestCase("POST", "/api/runs/unknown/cancel", 404, "runNotFound")]
    [TestCase("GET", "/api/nothing", 404, "notFound")]
    [TestCase("PUT", "/api/runs", 405, "methodNotAllowed")]
    [TestCase("DELETE", "/api/runs/unknown", 400, "invalidInput")]
    [TestCase("DELETE", "/api/runs", 405, "methodNotAllowed")]
    [TestCase("GET", "/api/runs?limit=0", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?limit=201", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?limit=1&limit=2", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?limit=ten", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?status=Running", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?status=7", 400, "invalidInput")]
    [TestCase("GET", "/api/runs/unknown/transcript?from=-1", 400, "invalidInput")]
    [TestCase("GET", "/api/runs?after=garbage", 400, "invalidInput")]
    [TestCase("GET", "/api/runs/unknown/events?after=x", 400, "invalidInput")]
    [TestCase("GET", "/api/runs/unknown/events?follow=maybe", 400, "invalidInput")]
    public async Task Request_ThatCannotBeServed_IsAnsweredWithProblemDetails(string method, string path, int status, string code)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using HttpResponseMessage response = await _host.Http.SendAsync(request);
        Assert.That(await response.ProblemAsync(status), Is.EqualTo(code));
        Assert.That(await response.Content.ReadAsStringAsync(), Does.Not.Contain("1234"));
        Assert.That(response.Content.Headers.Allow, status == 405 ? Is.Not.Empty : Is.Empty);
    }

    [TestCase(null)]
    [TestCase("text/plain")]
    [TestCase("application/x-www-form-urlencoded")]
    [TestCase("application/json; charset=utf-16")]
    public async Task Submit_WithAnotherContentType_IsRefused(string? type)
    {
        using var content = new ByteArrayContent("{\"goal\":\"x\"}"u8.ToArray());
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using HttpResponseMessage response = await _host.Http.PostAsync("/api/runs", content);
        Assert.That(await response.ProblemAsync(415), Is.EqualTo("unsupportedMediaType"));
    }

    [Test]
    public async Task Submit_AChunkedBodyThatPassesTheLimit_IsRefusedBeforeItsEnd()
    {
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, _host.Http.BaseAddress!.Port);
        await using NetworkStream stream = socket.GetStream();
        await stream.WriteAsync("POST /api/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"u8.ToArray());
        await stream.WriteAsync("100001\r\n"u8.ToArray());
        await stream.WriteAsync(Enumerable.Repeat((byte)' ', 0x100001).ToArray());
        using var reader = new StreamReader(stream);
        Assert.That(await reader.ReadLineAsync(), Is.EqualTo("HTTP/1.1 400 Bad Request"));
    }

    [Test]
    public async Task OwnEndpoint_OfTheSameHost_IsLeftAlone()
    {
        using HttpResponseMessage response = await _host.Http.GetAsync("/own");
        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
        Assert.That(response.Content.Headers.ContentType, Is.Null);
    }

    [TestCase("/health/live")]
    [TestCase("/health/ready")]
    public async Task Probe_OfAHostAtWork_IsOk(string path) =>
        Assert.That((string?)(await _host.Http.GetJsonAsync(path))["status"], Is.EqualTo("ok"));

    [Test]
    public async Task Agents_OfAHost_AreListedWithTheirToolsAndTheRehearsalLabelled()
    {
        var agent = (await _host.Http.GetJsonAsync("/api/agents"))["agents"]![0]!;
        Assert.That((string?)agent["name"], Is.EqualTo("lead"));
        Assert.That((bool)agent["rehearsal"]!, Is.True);
        Assert.That(agent["tools"]!.AsArray().Select(tool => (string)tool!),
            Has.Member("read_file").And.No.Member("run_command"));
    }

    [Test]
    public async Task Artifact_WrittenByAModel_CannotActInABrowser()
    {
        string id = await _host.Http.SubmitGoalAsync("x");
        await _host.Http.EndAsync(id);
        byte[] page = Encoding.UTF8.GetBytes("<script>alert(1)</script>");
        await _host.Services.GetRequiredService<ArtifactStore>().SaveAsync(id, "page.html", "text/html", page);

        var listed = (await _host.Http.GetJsonAsync($"/api/runs/{id}/artifacts"))["artifacts"]![0]!;
        using HttpResponseMessage response = await _host.Http.GetAsync((string)listed["link"]!);
        Assert.That(await response.Content.ReadAsByteArrayAsync(), Is.EqualTo(page));
        Assert.That(response.Content.Headers.ContentType!.MediaType, Is.EqualTo("text/html"));
        Assert.That(response.Content.Headers.ContentDisposition!.DispositionType, Is.EqualTo("attachment"));
        Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
        Assert.That(response.Headers.GetValues("Content-Security-Policy").Single(), Does.Contain("sandbox"));

        using var conditional = new HttpRequestMessage(HttpMethod.Get, (string)listed["link"]!);
        conditional.Headers.IfNoneMatch.Add(response.Headers.ETag!);
        using HttpResponseMessage unchanged = await _host.Http.SendAsync(conditional);
        Assert.That(unchanged.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));

        using HttpResponseMessage missing = await _host.Http.GetAsync($"/api/runs/{id}/artifacts/other.html");
        Assert.That(await missing.ProblemAsync(404), Is.EqualTo("artifactNotFound"));
        using HttpResponseMessage outside = await _host.Http.GetAsync($"/api/runs/{id}/artifacts/..%2f..%2fx");
        Assert.That(await outside.ProblemAsync(404), Is.EqualTo("artifactNotFound"));
    }
}
