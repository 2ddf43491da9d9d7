using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AgentFunctions.Gateway.Exports;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.TestKit;
using AgentFunctions.Tests.AspNetCore;
using AgentFunctions.Tools;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.Gateway.Exports;

/// <summary>A run as a file: whole, without secrets, signed; and a host that shows it and changes nothing.</summary>
[CancelAfter(300_000)]
internal sealed partial class RunExportTests
{
    private const string Secret = "correct-horse-battery";

    private ApiHost _host = null!;
    private TemporaryFolder _folder = null!;
    private string _run = "";
    private string _file = "";

    [OneTimeSetUp]
    public async Task ExportAsync()
    {
        _folder = new TemporaryFolder();
        _host = await ApiHost.StartAsync(
            static request => request.Turn == 0
                ? ChatReply.Call("look", new { at = "the shop" }) with { Text = "I look first." }
                : ChatReply.Say("The shop is open. " + new string('x', 70_000)),
            [AgentTool.Create("look", "Looks.", ToolEffect.None, static (string at) => $"{at}: its password is {Secret}")]);
        _host.Get<Redactor>().Add("shop", Secret);
        _run = await _host.SubmitAsync(new { goal = "Look at the shop.", labels = new { team = "red" } });
        await _host.WaitAsync(_run);
        _file = Path.Combine(_folder.Path, "run.afrun");
        using HttpResponseMessage answer = await _host.Client.GetAsync($"/api/runs/{_run}/export");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(
            (answer.Content.Headers.ContentType?.MediaType, answer.Content.Headers.ContentDisposition?.FileName),
            Is.EqualTo((RunExports.MediaType, $"{_run}.afrun")));
        await File.WriteAllBytesAsync(_file, await answer.Content.ReadAsByteArrayAsync());
    }

    [OneTimeTearDown]
    public async Task StopAsync()
    {
        await _host.DisposeAsync();
        _folder.Dispose();
    }

    [Test]
    public async Task Export_OfARun_HoldsAllOfItWithoutSecrets(CancellationToken cancellationToken)
    {
        await using ZipArchive zip = await ZipFile.OpenReadAsync(_file, cancellationToken);
        Assert.That(zip.Entries.Select(static entry => entry.FullName), Is.SupersetOf(new[]
        {
            $"runs/{_run}/record.json", $"runs/{_run}/state.json", $"runs/{_run}/journals.ndjson",
            $"runs/{_run}/transcripts.ndjson",
            $"runs/{_run}/records.ndjson", "audit.ndjson", "keys.json", "manifest.json", "manifest.sig",
        }));
        Assert.That(zip.Entries.Any(static entry => entry.FullName.StartsWith("content/", StringComparison.Ordinal)), Is.True);
        string all = "";
        foreach (ZipArchiveEntry entry in zip.Entries)
        {
            using var reader = new StreamReader(await entry.OpenAsync(cancellationToken));
            all += await reader.ReadToEndAsync(cancellationToken);
        }

        Assert.That(all, Does.Contain("its password is").And.Not.Contain(Secret).And.Contain("run.exported"));

        ExportedRun exported = await ExportedRun.OpenAsync(_file, cancellationToken);
        Assert.That((exported.Run, exported.ExportedBy, exported.Parts), Is.EqualTo((_run, "local", zip.Entries.Count - 2)));
        Assert.That(await _host.Client.GetStringAsync("/api/audit/keys", cancellationToken), Does.Contain(exported.Kid));
    }

    [Test]
    public async Task Inspect_AllThatThePageAsks_IsAnsweredAsTheHostOfTheRunDoes(CancellationToken cancellationToken)
    {
        ExportedRun exported = await ExportedRun.OpenAsync(_file, cancellationToken);
        await using ApiHost shown = await ApiHost.StartAsync(static _ => ChatReply.Say("Never."),
            configure: builder => builder.Services.AddExportedRun(exported));
        foreach (string address in new[]
        {
            "", "/tree", "/nodes", "/lineage", "/events?follow=false", "/transcript", "/transcript?q=password", "/shown?turn=2",
            "/spans", "/critical-path",
            "/artifacts", "/changes", "/files",
        })
        {
            Assert.That(await ReadAsync(shown, $"/api/runs/{_run}{address}"),
                Is.EqualTo(await ReadAsync(_host, $"/api/runs/{_run}{address}")), address);
        }

        Assert.That(await ReadAsync(shown, $"/api/audit?run={_run}&text=true"),
            Does.Contain("took the run").And.Contain("call.finished"));
        Assert.That(await ReadAsync(shown, "/api/runs/rows"), Does.Contain(_run));
        Assert.That(await ReadAsync(shown, "/api/session"), Does.Contain("\"export\"").And.Contain("\"viewer\""));
        foreach (string verb in new[] { "cancel", "messages", "fork" })
        {
            using HttpResponseMessage refused = await shown.Client.PostAsync($"/api/runs/{_run}/{verb}", null, cancellationToken);
            Assert.That(refused.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
            Assert.That(await refused.Content.ReadAsStringAsync(cancellationToken), Does.Contain("\"readOnly\""));
        }

        using HttpResponseMessage kept = await shown.Client.DeleteAsync($"/api/runs/{_run}?reason=x", cancellationToken);
        Assert.That(kept.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [TestCase("changed", "was changed")]
    [TestCase("removed", "other parts")]
    [TestCase("added", "other parts")]
    [TestCase("manifest", "signature does not hold")]
    [TestCase("text", "no exported run")]
    public async Task Open_OfAFileThatIsNotAsItWasWritten_IsRefused(string how, string words)
    {
        string copy = Path.Combine(_folder.Path, $"{how}.afrun");
        File.Copy(_file, copy);
        if (how == "text")
        {
            await File.WriteAllTextAsync(copy, "This is a letter.");
        }
        else
        {
            await using ZipArchive zip = await ZipFile.OpenAsync(copy, ZipArchiveMode.Update);
            string name = how switch
            {
                "manifest" => "manifest.json",
                "added" => "more.txt",
                _ => $"runs/{_run}/journals.ndjson"
            };
            string text = "";
            if (zip.GetEntry(name) is { } old)
            {
                using (var reader = new StreamReader(await old.OpenAsync()))
                {
                    text = await reader.ReadToEndAsync();
                }

                old.Delete();
            }

            if (how != "removed")
            {
                await using Stream part = await zip.CreateEntry(name).OpenAsync();
                await part.WriteAsync(Encoding.UTF8.GetBytes(text.Replace("the shop", "the shed", StringComparison.Ordinal)
                    .Replace("\"local\"", "\"loca1\"", StringComparison.Ordinal)));
            }
        }

        Assert.That(
            async () => await ExportedRun.OpenAsync(copy),
            Throws.TypeOf<AgentException>().With.Message.Contains(words).And.Property(nameof(AgentException.Code))
                .EqualTo(ErrorCode.InvalidInput));
    }

    [Test]
    public async Task Export_OfARun_LeavesOutWhereItsEndIsSent(CancellationToken cancellationToken)
    {
        string run = await _host.SubmitAsync(new { goal = "Look again.", callbackUrl = "http://127.0.0.1:9/secret-path" });
        await _host.WaitAsync(run);
        using var file = new MemoryStream(await _host.Client.GetByteArrayAsync($"/api/runs/{run}/export", cancellationToken));
        await using var zip = new ZipArchive(file);
        using var reader = new StreamReader(await zip.GetEntry($"runs/{run}/record.json")!.OpenAsync(cancellationToken));
        Assert.That(await reader.ReadToEndAsync(cancellationToken), Does.Contain("Look again.").And.Not.Contain("secret-path"));
    }

    [Test]
    public async Task Export_NoSuchRun_IsNotFound()
    {
        using HttpResponseMessage answer = await _host.Client.GetAsync("/api/runs/aaaaaaaaaaaaaaaaaaaaaaaaaa/export");
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    /// <summary>An answer without what belongs to a host and not to the run.</summary>
    private static async Task<string> ReadAsync(ApiHost host, string address)
    {
        using HttpResponseMessage answer = await host.Client.GetAsync(address);
        string body = await answer.Content.ReadAsStringAsync();
        Assert.That(answer.StatusCode, Is.EqualTo(HttpStatusCode.OK), $"{address}: {body}");
        JsonNode json = JsonNode.Parse(body)!;
        if (json is JsonObject read)
        {
            read.Remove("rev");
            read.Remove("policyHash");
        }

        // Each look at what a model was shown has a mark of its own around what tools said.
        return Mark().Replace(json.ToJsonString(), "");
    }

    [GeneratedRegex("data [0-9a-f]{16}")]
    private static partial Regex Mark();
}
