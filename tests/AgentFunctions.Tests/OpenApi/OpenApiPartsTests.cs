using System.Text.Json;
using AgentFunctions.OpenApi;
using AgentFunctions.OpenApi.Parts;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Http;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>Descriptions that are spread over several files.</summary>
internal sealed class OpenApiPartsTests
{
    private const string Root = """
        openapi: 3.0.3
        info: {title: t, version: '1'}
        paths:
          /users: {$ref: paths/users.yaml}
          /orders:
            post:
              operationId: order
              requestBody: {content: {application/json: {schema: {$ref: 'schemas.json#/Order'}}}}
        components:
          schemas:
            Name: {type: string, maxLength: 5}
        """;

    private const string Users = """
        get:
          operationId: users
          parameters: [{$ref: '#/shared/page'}, {$ref: '../schemas.json#/~1odd~0name'}]
        shared:
          page: {name: page, in: query, required: true, schema: {$ref: '../api.yaml#/components/schemas/Name'}}
        """;

    private const string Schemas = """
        {"Order":{"type":"object","required":["lines"],"properties":{"lines":{"type":"array","items":{"$ref":"#/Line"}}}},
         "Line":{"type":"object","properties":{"sub":{"$ref":"#/Line"},"order":{"$ref":"#/Order"},"n":{"type":"integer"}}},
         "/odd~name":{"name":"odd","in":"query","schema":{"type":"string"}}}
        """;

    [Test]
    public async Task CallAsync_PartsInOtherFiles_AreReadAsIfTheyStoodThere()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Root, prepare: Prepare);

        ToolOutcome users = await bench.CallAsync("shop__users", new { page = "1", odd = "o" });
        string target = server.Last.Target;
        ToolOutcome tooLong = await bench.CallAsync("shop__users", new { page = "123456" });
        ToolOutcome order = await bench.CallAsync("shop__order",
            new { body = new { lines = new[] { new { sub = new { n = 1 } } } } });
        ToolOutcome wrong = await bench.CallAsync("shop__order",
            new { body = new { lines = new[] { new { sub = new { n = "x y" } } } } });

        Assert.That(users.IsError, Is.False, users.Text);
        Assert.That(target, Is.EqualTo("/v1/users?page=1&odd=o"));
        Assert.That(tooLong.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(order.IsError, Is.False, order.Text);
        Assert.That(wrong.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
    }

    [Test]
    public async Task AddOpenApiTools_PartsInFiles_GovernLikeTheDescription()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Root, prepare: Prepare);

        Assert.That(
            (string[])[.. bench.Protected.Governing.Select(path => Path.GetFileName(path.Path)).Order(StringComparer.Ordinal)],
            Is.EqualTo((string[])["api.yaml", "schemas.json", "users.yaml"]));
    }

    [Test]
    public async Task ListAsync_PartThatChanged_IsReadAgain()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Root, prepare: Prepare);
        await bench.CallAsync("shop__users", new { page = "1" });

        bench.Folder.Write("paths/users.yaml",
            Users.Replace("operationId: users", "operationId: people", StringComparison.Ordinal));

        Assert.That((await bench.CallAsync("shop__people", new { page = "1" })).IsError, Is.False);
    }

    [Test]
    public async Task CallAsync_PartsOfTheSameServer_AreFetched()
    {
        await using ApiServer server = await ApiServer.StartAsync(context => context.Request.Path.Value switch
        {
            "/docs/api.yaml" => context.Response.WriteAsync(Root),
            "/docs/paths/users.yaml" => context.Response.WriteAsync(Users),
            "/docs/schemas.json" => context.Response.WriteAsync(Schemas),
            _ => context.Response.WriteAsync("ok"),
        });
        await using var bench = new OpenApiBench(server, Root, options => options.Document = $"{server.Url}/docs/api.yaml");

        ToolOutcome users = await bench.CallAsync("shop__users", new { page = "1", odd = "o" });

        Assert.That(users.Text, Is.EqualTo("ok"));
    }

    [TestCase("../outside.yaml", "lies outside the folder")]
    [TestCase("/etc/hosts", "lies outside the folder")]
    [TestCase("link.yaml", "lies outside the folder")]
    [TestCase("https://example.com/x.yaml", "is not a file")]
    [TestCase("none.yaml", "there is no file 'none.yaml'")]
    [TestCase("broken.yaml", "neither valid JSON nor valid YAML")]
    [TestCase("list.yaml", "is not a JSON object")]
    public async Task ReadAsync_PartThatCannotBeRead_IsNotedAndTheRestStays(string reference, string note)
    {
        using var folder = new TemporaryFolder();
        folder.Write("outside.yaml", "get: {}");
        folder.Write("docs/broken.yaml", "a: [");
        folder.Write("docs/list.yaml", "[1]");
        File.CreateSymbolicLink(Path.Combine(folder.Path, "docs", "link.yaml"), Path.Combine(folder.Path, "outside.yaml"));
        string path = folder.Write("docs/api.yaml",
            $"openapi: 3.0.3\npaths:\n  /a: {{get: {{}}}}\n  /b: {{$ref: '{reference}'}}\n");

        OpenApiBundle bundle = await OpenApiBundle.ReadAsync(OpenApiText.Parse(File.ReadAllText(path), path), "api.yaml",
            new FolderParts(path, null), default);
        var reader = new OpenApiReader(bundle.Document, "api.yaml", new Uri("http://127.0.0.1:1"), null);

        Assert.That(reader.Read().Select(static operation => operation.Id), Is.EqualTo((string[])["get_a"]));
        Assert.That(bundle.Notes.Single(), Does.Contain(note));
        Assert.That(reader.Notes, Has.One.Contains("/b is left out"));
    }

    [Test]
    public async Task ReadAsync_PartThatAppearedAfterTheStart_IsNotRead()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("api.yaml", "openapi: 3.0.3\npaths:\n  /b: {$ref: b.yaml}\n");
        folder.Write("b.yaml", "get: {}");

        OpenApiBundle bundle = await OpenApiBundle.ReadAsync(
            OpenApiText.Parse(File.ReadAllText(path), path), "api.yaml", new FolderParts(path, new HashSet<string>()), default);

        Assert.That(bundle.Notes.Single(), Does.Contain("restart the host"));
    }

    [Test]
    public async Task ReadAsync_MoreFilesThanAreAllowed_AreBounded()
    {
        using var folder = new TemporaryFolder();
        for (int i = 0; i < OpenApiBundle.MaxParts + 5; i++)
        {
            folder.Write($"p{i}.yaml", $"get: {{x: {{$ref: 'p{i + 1}.yaml'}}}}");
        }

        string path = folder.Write("api.yaml", "openapi: 3.0.3\npaths:\n  /b: {$ref: p0.yaml}\n");

        OpenApiBundle bundle = await OpenApiBundle.ReadAsync(OpenApiText.Parse(File.ReadAllText(path), path), "api.yaml",
            new FolderParts(path, null), default);

        Assert.That(bundle.Places, Has.Count.EqualTo(OpenApiBundle.MaxParts));
        Assert.That(bundle.Notes.Single(), Does.Contain("one file too many"));
    }

    [Test]
    public void Read_SchemaOutsideTheSharedOnesThatBranchesIntoItself_StaysSmall()
    {
        string refs = string.Join(',', Enumerable.Range(0, 12).Select(static i => $$"""  "p{{i}}":{"$ref":"#/x/Self"}  """));
        var document = (System.Text.Json.Nodes.JsonObject)System.Text.Json.Nodes.JsonNode.Parse(
            """{"openapi":"3.0.3","x":{"Self":{"type":"object","properties":{REFS}}},"paths":{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/x/Self"}}}}}}}}""".Replace("REFS", refs, StringComparison.Ordinal))!;

        OpenApiOperation operation = new OpenApiReader(document, "a", new Uri("http://127.0.0.1:1"), null).Read().Single();

        Assert.That(JsonSerializer.Serialize(operation.Schema), Has.Length.LessThan(2_000));
    }

    private static void Prepare(TemporaryFolder folder)
    {
        folder.Write("paths/users.yaml", Users);
        folder.Write("schemas.json", Schemas);
    }
}
