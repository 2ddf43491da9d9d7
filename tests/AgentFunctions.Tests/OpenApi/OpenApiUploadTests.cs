using System.Text;
using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Governance.Policies;
using AgentFunctions.Tools;
using AgentFunctions.Workspaces;
using Microsoft.AspNetCore.WebUtilities;
using static AgentFunctions.Tests.Governance.Policies.Actions;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>Files of the workspace and artifacts as bodies and parts of bodies.</summary>
internal sealed class OpenApiUploadTests
{
    private const string Description = """
        openapi: 3.1.0
        info: {title: files, version: '1'}
        paths:
          /raw:
            put:
              operationId: raw
              requestBody: {required: true, content: {application/octet-stream: {}}}
          /picture:
            put:
              operationId: picture
              requestBody: {content: {'image/*': {schema: {type: string, format: binary}}}}
          /note:
            post:
              operationId: note
              requestBody: {content: {application/xml: {schema: {type: object, properties: {a: {type: string}}}}}}
          /form:
            post:
              operationId: form
              requestBody:
                content:
                  multipart/form-data:
                    schema: {$ref: '#/components/schemas/Form'}
                    encoding:
                      file: {contentType: 'image/png, image/jpeg', headers: {X-Rate: {required: true, schema: {type: integer}}, Content-Type: {schema: {type: string}}}}
                      meta: {contentType: application/vnd.meta+json}
                      tags: {style: form, explode: false}
        components:
          schemas:
            Base: {type: object, required: [title], properties: {title: {type: string}, id: {type: string, readOnly: true}}}
            Binary: {type: string, format: binary, description: The picture.}
            Form:
              allOf:
                - {$ref: '#/components/schemas/Base'}
                - type: object
                  properties:
                    file: {$ref: '#/components/schemas/Binary'}
                    more: {type: array, maxItems: 2, items: {contentMediaType: application/octet-stream}}
                    thumb: {type: string, contentEncoding: base64, contentMediaType: image/png}
                    meta: {type: object, properties: {a: {type: integer}}}
                    tags: {type: array, items: {type: string}}
        """;

    private static readonly byte[] Png = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x00, 0xFF];

    private ApiServer _server = null!;
    private OpenApiBench _bench = null!;

    [SetUp]
    public async Task StartAsync()
    {
        _server = await ApiServer.StartAsync();
        _bench = new OpenApiBench(_server, Description, options => options.UploadLimit = 1000);
        File.WriteAllBytes(Path.Combine(_bench.Files.Path, "a.png"), Png);
        _bench.Files.Write("pay/list.txt", "salaries");
        _bench.Files.Write("large.bin", new string('x', 1001));
    }

    [TearDown]
    public async Task StopAsync()
    {
        await _bench.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Test]
    public async Task CallAsync_BinaryBody_IsTheFilesContent()
    {
        ToolOutcome outcome = await _bench.CallAsync("shop__raw", new { body = "a.png" });

        Assert.That(outcome.IsError, Is.False, outcome.Text);
        Assert.That(_server.Last.Content, Is.EqualTo(Png));
        Assert.That(_server.Last.Headers["Content-Type"], Is.EqualTo("application/octet-stream"));
    }

    [Test]
    public async Task CallAsync_ArtifactOfARange_IsSentWithItsOwnType()
    {
        await _bench.Artifacts.SaveAsync("run-1", "shot.gif", "image/gif", Png);

        await _bench.CallAsync("shop__picture", new { body = "artifact:shot.gif" });

        Assert.That(_server.Last.Content, Is.EqualTo(Png));
        Assert.That(_server.Last.Headers["Content-Type"], Is.EqualTo("image/gif"));
    }

    [Test]
    public async Task CallAsync_TextOfAnotherType_IsSentAsItIs()
    {
        await _bench.CallAsync("shop__note", new { body = "<a>é</a>" });

        Assert.That(_server.Last.Body, Is.EqualTo("<a>é</a>"));
        Assert.That(_server.Last.Headers["Content-Type"], Is.EqualTo("application/xml; charset=utf-8"));
    }

    [Test]
    public async Task CallAsync_Multipart_IsWrittenAsTheDescriptionSays()
    {
        await _bench.Artifacts.SaveAsync("run-1", "b.bin", "application/octet-stream", new byte[] { 0, 1 });

        ToolOutcome outcome = await _bench.CallAsync("shop__form", new
        {
            body = new
            {
                title = "T \"ü\"",
                file = "a.png",
                more = new[] { "artifact:b.bin", "pay/list.txt" },
                thumb = "a.png",
                meta = new { a = 1 },
                tags = new[] { "x", "y" }
            },
            body_headers = new { file = new Dictionary<string, int> { ["X-Rate"] = 3 } },
        });

        Assert.That(outcome.IsError, Is.False, outcome.Text);
        IReadOnlyList<Part> parts = await PartsOf(_server.Last);
        Assert.That(parts.Select(static part => $"{part.Name}|{part.FileName}|{part.Type}"), Is.EqualTo(
            (string[])["title||text/plain; charset=utf-8", "file|a.png|image/png", "more|b.bin|application/octet-stream",
                "more|list.txt|application/octet-stream",
             "thumb||image/png", "meta||application/vnd.meta+json", "tags||text/plain; charset=utf-8"]));
        Assert.That(parts[0].Text, Is.EqualTo("T \"ü\""));
        Assert.That(parts[1].Content, Is.EqualTo(Png));
        Assert.That(parts[1].Headers["X-Rate"], Is.EqualTo("3"));
        Assert.That(parts[2].Content, Is.EqualTo(new byte[] { 0, 1 }));
        Assert.That(parts[4].Text, Is.EqualTo(Convert.ToBase64String(Png)));
        Assert.That(parts[5].Text, Is.EqualTo("""{"a":1}"""));
        Assert.That(parts[6].Text, Is.EqualTo("x,y"));
    }

    [TestCase("../outside.txt", ErrorCode.PathOutsideWorkspace, "leads out of the workspace")]
    [TestCase("/etc/passwd", ErrorCode.PathOutsideWorkspace, "leads out of the workspace")]
    [TestCase("pay", ErrorCode.InvalidInput, "is a folder")]
    [TestCase("none.txt", ErrorCode.InvalidInput, "there is no file")]
    [TestCase("artifact:none", ErrorCode.ToolArgumentsInvalid, "this run has no artifact 'none'")]
    [TestCase("artifact:../run-2/x", ErrorCode.ToolArgumentsInvalid, "this run has no artifact")]
    [TestCase("large.bin", ErrorCode.ToolArgumentsInvalid, "may have 1000 bytes together")]
    public async Task CallAsync_FileThatMayNotBeSent_IsRefusedAndNothingIsSent(string file, ErrorCode code, string words)
    {
        ToolOutcome outcome = await _bench.CallAsync("shop__raw", new { body = file });

        Assert.That(outcome.Code, Is.EqualTo(code));
        Assert.That(outcome.Text, Does.Contain(words));
        Assert.That(_server.Requests, Is.Empty);
    }

    [Test]
    public async Task CallAsync_FilesThatAreTooLargeTogether_AreRefused()
    {
        _bench.Files.Write("half.bin", new string('x', 600));
        _bench.Files.Write("other.bin", new string('y', 600));

        ToolOutcome outcome = await _bench.CallAsync("shop__form",
            new { body = new { title = "t", more = new[] { "half.bin", "other.bin" } } });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(_server.Requests, Is.Empty);
    }

    [Test]
    public async Task CallAsync_FileThatGovernsTheHost_IsRefused()
    {
        // The description itself lies in the workspace.
        _bench.Workspace = new Workspace(_bench.Folder.Path);

        ToolOutcome outcome = await _bench.CallAsync("shop__raw", new { body = "api.yaml" });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.PathReserved));
        Assert.That(_server.Requests, Is.Empty);
    }

    [Test]
    public async Task CallAsync_NoWorkspace_SaysSo()
    {
        _bench.Workspace = null;

        Assert.That((await _bench.CallAsync("shop__raw", new { body = "a.png" })).Text, Does.Contain("this run has none"));
    }

    [TestCase("shop__raw", """{"body":"pay/list.txt"}""", PolicyVerdict.Deny)]
    [TestCase("shop__raw", """{"body":"x/../pay/./list.txt"}""", PolicyVerdict.Deny)]
    [TestCase("shop__raw", """{"body":"./artifact:pay"}""", PolicyVerdict.Deny)]
    [TestCase("shop__raw", """{"body":"a.png"}""", PolicyVerdict.Allow)]
    [TestCase("shop__form", """{"body":{"title":"t","file":"a.png","more":["a.png","pay/list.txt"]}}""", PolicyVerdict.Deny)]
    [TestCase("shop__form", """{"body":{"title":"pay/list.txt","file":"a.png"}}""", PolicyVerdict.Allow)]
    public async Task Decide_FileThatARuleForbidsToRead_IsNotSent(string name, string arguments, PolicyVerdict verdict)
    {
        _bench.Files.Write("artifact:pay", "salaries");
        Policy policy = Policy("""
            rules:
            - {name: pay, when: {tool: read_file, arguments: {path: {under: pay}}}, then: deny, reason: "No."}
            - {name: odd, when: {tool: read_file, arguments: {path: {is: 'artifact:*'}}}, then: deny, reason: "No."}
            - {name: rest, when: {tool: "*"}, then: allow}
            """);

        Assert.That(policy.Decide(await ActionAsync(name, arguments)).Verdict, Is.EqualTo(verdict));
    }

    [TestCase("shop__raw", """{"body":"x/../pay/./list.txt"}""")]
    [TestCase("shop__form", """{"body":{"title":"t","more":["a.png","./pay//list.txt"]}}""")]
    public async Task Decide_RuleAboutTheToolsOwnArgument_JudgesTheFileThatIsMeant(string name, string arguments)
    {
        Policy policy = Policy("""
            rules:
            - {name: a, when: {arguments: {body: {is: pay/list.txt}}}, then: deny, reason: "No."}
            - {name: b, when: {arguments: {body.more: {is: pay/list.txt}}}, then: deny, reason: "No."}
            - {name: rest, when: {tool: "*"}, then: allow}
            """);

        Assert.That(policy.Decide(await ActionAsync(name, arguments)).Verdict, Is.EqualTo(PolicyVerdict.Deny));
    }

    private async Task<ActionContext> ActionAsync(string name, string arguments)
    {
        AgentTool tool = (await _bench.Catalog.FindAsync(_bench.Agent, name))!;
        return Call(name, tool.Effect, arguments).Of(tool, new PathNames(_bench.Workspace!));
    }

    private static async Task<IReadOnlyList<Part>> PartsOf(ApiRequest request)
    {
        string boundary = request.Headers["Content-Type"].Split("boundary=")[1];
        Assert.That(boundary, Does.Not.Contain("\""), "servers take it with the quotes");
        var reader = new MultipartReader(boundary, new MemoryStream(request.Content));
        var parts = new List<Part>();
        while (await reader.ReadNextSectionAsync() is { } section)
        {
            using var content = new MemoryStream();
            await section.Body.CopyToAsync(content);
            var headers = section.Headers!.ToDictionary(static header => header.Key, static header => header.Value.ToString(),
                StringComparer.OrdinalIgnoreCase);
            var disposition = Microsoft.Net.Http.Headers.ContentDispositionHeaderValue.Parse(section.ContentDisposition);
            parts.Add(new Part(disposition.Name.Value!.Trim('"'), disposition.FileName.Value?.Trim('"'), section.ContentType,
                headers, content.ToArray()));
        }

        return parts;
    }

    private sealed record Part(string Name, string? FileName, string? Type, IReadOnlyDictionary<string, string> Headers,
        byte[] Content)
    {
        public string Text => Encoding.UTF8.GetString(Content);
    }
}
