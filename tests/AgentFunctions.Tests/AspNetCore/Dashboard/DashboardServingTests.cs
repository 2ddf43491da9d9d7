using System.IO.Compression;
using System.Net;
using System.Text.RegularExpressions;
using AgentFunctions.AspNetCore;
using AgentFunctions.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace AgentFunctions.Tests.AspNetCore.Dashboard;

/// <summary>
/// How the dashboard comes to a browser: one version at a time, without credentials, without anything that a page could misuse.
/// </summary>
[CancelAfter(300_000)]
internal sealed partial class DashboardServingTests
{
    private const string Key = "0123456789abcdef-key";

    [Test]
    public async Task Shell_AtAnyDepth_LeadsToItsFilesAndToTheRuntime()
    {
        await using ApiHost host = await StartAsync();
        foreach (string page in new[] { "/dashboard/", "/dashboard/approvals", "/dashboard/runs/abc",
            "/dashboard/runs/abc/timeline?turn=3" })
        {
            using HttpResponseMessage shell = await host.Client.GetAsync(page);
            string html = await shell.Content.ReadAsStringAsync();
            var at = new Uri(host.Client.BaseAddress!, page);

            using (Assert.EnterMultipleScope())
            {
                Assert.That(shell.StatusCode, Is.EqualTo(HttpStatusCode.OK), page);
                Assert.That(shell.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/html; charset=utf-8"));
                Assert.That(shell.Headers.CacheControl!.ToString(), Is.EqualTo("no-cache"));
                Assert.That(html, Does.Not.Contain("{{"));
                Assert.That(new Uri(at, RootAddress().Match(html).Groups[1].Value).AbsolutePath, Is.EqualTo("/"), page);
            }

            using HttpResponseMessage script =
                await host.Client.GetAsync(new Uri(at, ScriptAddress().Match(html).Groups[1].Value));
            Assert.That(script.StatusCode, Is.EqualTo(HttpStatusCode.OK), page);
            Assert.That(script.Content.Headers.ContentType!.ToString(), Is.EqualTo("text/javascript; charset=utf-8"));
            Assert.That(script.Headers.CacheControl!.ToString(), Does.Contain("immutable").And.Contain("max-age=31536000"));
        }
    }

    [Test]
    public async Task Shell_AskedForAgain_IsNotSentAgain()
    {
        await using ApiHost host = await StartAsync();
        using HttpResponseMessage first = await host.Client.GetAsync("/dashboard/");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/dashboard/");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        using HttpResponseMessage second = await host.Client.SendAsync(again);
        using var head = new HttpRequestMessage(HttpMethod.Head, "/dashboard/");
        using HttpResponseMessage third = await host.Client.SendAsync(head);

        Assert.That(second.StatusCode, Is.EqualTo(HttpStatusCode.NotModified));
        Assert.That(third.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(third.Headers.ETag, Is.EqualTo(first.Headers.ETag));
    }

    [Test]
    public async Task Files_OfAnotherVersionOrNone_AreNotThere()
    {
        await using ApiHost host = await StartAsync();
        string address = await ScriptOfAsync(host);
        string[] wrong =
        [
            AddressVersion().Replace(address, "/-/0000000000000000/"),
            address.Replace("app.js", "nothing.js", StringComparison.Ordinal),
            address.Replace("app.js", "index.html", StringComparison.Ordinal),
            address.Replace("app.js", "..%2F..%2Fapp.js", StringComparison.Ordinal),
        ];
        foreach (string path in wrong)
        {
            using HttpResponseMessage response = await host.Client.GetAsync(path);
            string body = await response.Content.ReadAsStringAsync();
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), path);
            Assert.That(body, Does.Contain("\"notFound\""), path);
            Assert.That(response.Headers.CacheControl!.NoStore, Is.True, path);
        }
    }

    [TestCase("br")]
    [TestCase("gzip")]
    [TestCase("br;q=0, gzip", "gzip")]
    [TestCase("identity", "")]
    public async Task Files_InTheEncodingThatIsTaken_AreTheSame(string accepted, string? encoding = null)
    {
        await using ApiHost host = await StartAsync();
        string address = await ScriptOfAsync(host);
        byte[] plain = await host.Client.GetByteArrayAsync(address);
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept-Encoding", accepted);
        using HttpResponseMessage response = await host.Client.SendAsync(request);
        string used = string.Join(',', response.Content.Headers.ContentEncoding);
        await using Stream body = await response.Content.ReadAsStreamAsync();
        await using Stream unpacked = used switch
        {
            "br" => new BrotliStream(body, CompressionMode.Decompress),
            "gzip" => new GZipStream(body, CompressionMode.Decompress),
            _ => body,
        };
        using var read = new MemoryStream();
        await unpacked.CopyToAsync(read);

        Assert.That(used, Is.EqualTo(encoding ?? accepted));
        Assert.That(response.Headers.Vary, Does.Contain("Accept-Encoding"));
        Assert.That(read.ToArray(), Is.EqualTo(plain));
    }

    [Test]
    public async Task EveryAnswer_OfTheDashboard_ForbidsWhatAPageCouldMisuse()
    {
        await using ApiHost host =
            await StartAsync(builder => builder.Services.Configure<ApiOptions>(static options => options.Oidc.Add(new OidcOptions
            {
                Issuer = "https://login.example.org/tenant/v2.0",
                Audience = "agents",
                DashboardClientId = "page",
            })));
        foreach (string address in new[] { "/dashboard/", await ScriptOfAsync(host) })
        {
            using HttpResponseMessage response = await host.Client.GetAsync(address);
            string[] policy = response.Headers.GetValues("Content-Security-Policy").Single().Split("; ");
            Assert.That(policy, Is.SupersetOf(new[]
            {
                "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self' https://login.example.org",
                "base-uri 'none'",
                "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
            }));
            Assert.That(response.Headers.GetValues("X-Content-Type-Options"), Is.EqualTo(new[] { "nosniff" }));
            Assert.That(response.Headers.GetValues("Referrer-Policy"), Is.EqualTo(new[] { "no-referrer" }));
        }
    }

    [Test]
    public async Task RootAndDashboard_WithoutTheSlash_LeadToTheDashboard()
    {
        await using ApiHost host = await StartAsync();
        Assert.That(await LocationAsync(host, "/"), Is.EqualTo("dashboard/"));
        Assert.That(await LocationAsync(host, "/dashboard?x=1"), Is.EqualTo("dashboard/?x=1"));
        using HttpResponseMessage other = await host.Client.GetAsync("/other");
        Assert.That(other.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [Test]
    public async Task Host_WithAKey_ServesTheShellWithoutItAndTheDataWithItAlone()
    {
        await using ApiHost host =
            await StartAsync(static builder => builder.Services.Configure<ApiOptions>(static options => options.Key = Key));
        using HttpResponseMessage shell = await host.Client.GetAsync("/dashboard/");
        using HttpResponseMessage data = await host.Client.GetAsync("/api/runs");

        Assert.That(shell.StatusCode, Is.EqualTo(HttpStatusCode.OK));
        Assert.That(data.StatusCode, Is.EqualTo(HttpStatusCode.Unauthorized));
    }

    [Test]
    public async Task Host_WithoutKeys_RefusesTheNamesOfOtherHosts()
    {
        await using ApiHost host = await StartAsync();
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/dashboard/");
        rebound.Headers.Host = "evil.example";
        using HttpResponseMessage response = await host.Client.SendAsync(rebound);

        Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.Forbidden));
    }

    [Test]
    public async Task Switch_Off_LeavesNothingAtItsAddresses()
    {
        await using ApiHost host =
            await StartAsync(static builder => builder.Services.Configure<ApiOptions>(static options => options.Dashboard.Enabled = false));
        foreach (string address in new[] { "/", "/dashboard/", "/dashboard" })
        {
            using HttpResponseMessage response = await host.Client.GetAsync(address);
            Assert.That(response.StatusCode, Is.EqualTo(HttpStatusCode.NotFound), address);
        }
    }

    [Test]
    public async Task Folder_ForWorkOnTheDashboard_IsServedAsItIsNow()
    {
        using var folder = new TemporaryFolder();
        folder.Write("index.html", "<p>{{version}}</p><script src=\"{{assets}}app.js\"></script>");
        folder.Write("app.js", "one");
        await using ApiHost host =
            await StartAsync(builder => builder.Services.Configure<ApiOptions>(options => options.Dashboard.AssetsFolder =
                folder.Path));
        string first = await ScriptOfAsync(host);
        Assert.That(await host.Client.GetStringAsync(first), Is.EqualTo("one"));
        folder.Write("app.js", "two");
        string second = await ScriptOfAsync(host);
        using HttpResponseMessage old = await host.Client.GetAsync(first);

        Assert.That(second, Is.Not.EqualTo(first));
        Assert.That(await host.Client.GetStringAsync(second), Is.EqualTo("two"));
        Assert.That(old.StatusCode, Is.EqualTo(HttpStatusCode.NotFound));
    }

    [TestCase("dashboard")]
    [TestCase("/")]
    [TestCase("/a/../b")]
    [TestCase("/{x}")]
    public void PathBase_ThatIsInvalid_NamesTheField(string path) => Assert.That(
        async () => await StartAsync(builder => builder.Services.Configure<ApiOptions>(options => options.Dashboard.PathBase =
            path)),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Api:Dashboard:PathBase"));

    [TestCase("account/login")]
    [TestCase("//evil.example")]
    [TestCase("https://evil.example/login")]
    public void SignIn_ThatIsNoPathOfThisHost_NamesTheField(string path) => Assert.That(
        async () => await StartAsync(
            builder => builder.Services.Configure<ApiOptions>(options => options.Dashboard.SignIn = path)),
        Throws.TypeOf<OptionsValidationException>().With.Message.Contains("Api:Dashboard:SignIn"));

    [Test]
    public async Task Path_OfItsOwn_IsWhereTheDashboardIs()
    {
        await using ApiHost host =
            await StartAsync(static builder => builder.Services.Configure<ApiOptions>(static options => options.Dashboard.PathBase = "/ops/page"));
        string html = await host.Client.GetStringAsync("/ops/page/runs/x");

        Assert.That(await LocationAsync(host, "/"), Is.EqualTo("ops/page/"));
        Assert.That(new Uri(new Uri(host.Client.BaseAddress!, "/ops/page/runs/x"),
            RootAddress().Match(html).Groups[1].Value).AbsolutePath, Is.EqualTo("/"));
    }

    private static Task<ApiHost> StartAsync(Action<WebApplicationBuilder>? configure = null) =>
        ApiHost.StartAsync(static _ => ChatReply.Say("done"), configure: configure);

    private static async Task<string> ScriptOfAsync(ApiHost host)
    {
        string html = await host.Client.GetStringAsync("/dashboard/");
        return new Uri(new Uri(host.Client.BaseAddress!, "/dashboard/"),
            ScriptAddress().Match(html).Groups[1].Value).AbsolutePath;
    }

    private static async Task<string?> LocationAsync(ApiHost host, string address)
    {
        using var handler = new HttpClientHandler { AllowAutoRedirect = false };
        using var client = new HttpClient(handler) { BaseAddress = host.Client.BaseAddress };
        using HttpResponseMessage response = await client.GetAsync(address);
        Assert.That((int)response.StatusCode, Is.EqualTo(StatusCodes.Status302Found));
        return response.Headers.Location?.OriginalString;
    }

    [GeneratedRegex("data-root=\"([^\"]+)\"")]
    private static partial Regex RootAddress();

    [GeneratedRegex("src=\"([^\"]+app\\.js)\"")]
    private static partial Regex ScriptAddress();

    [GeneratedRegex("/-/[0-9a-f]{16}/")]
    private static partial Regex AddressVersion();
}
