using System.Text.Json;
using AgentFunctions.Agents;
using AgentFunctions.Tools;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Tests.OpenApi;

[TestFixture]
[CancelAfter(300_000)]
internal sealed class OpenApiToolTests
{
    private const string Description = """
        openapi: 3.0.3
        info: {title: Orders, version: "1"}
        servers: [{url: /v1}]
        paths:
          /orders/{id}:
            parameters:
              - {name: id, in: path, required: true, schema: {type: string}}
            get:
              operationId: getOrder
              summary: Finds an order.
              parameters:
                - {name: fields, in: query, schema: {type: array, items: {type: string}}}
                - {name: tags, in: query, explode: false, schema: {type: array, items: {type: string}}}
                - {name: filter, in: query, style: deepObject, schema: {type: object}}
                - {name: X-Trace, in: header, schema: {type: string}}
                - {name: Authorization, in: header, schema: {type: string}}
            put:
              operationId: setOrder
              requestBody: {$ref: '#/components/requestBodies/Order'}
            delete:
              operationId: dropOrder
            patch:
              operationId: changeOrder
              x-effect: idempotent
              requestBody: {content: {application/merge-patch+json: {schema: {type: object}}}}
          /orders:
            post:
              operationId: placeOrder
              requestBody: {$ref: '#/components/requestBodies/Order'}
            get:
              description: Lists them.
          /upload:
            post:
              operationId: upload
              requestBody: {required: true, content: {multipart/form-data: {schema: {type: object}}}}
          /login:
            post:
              operationId: log.in
              requestBody: {required: true, content: {application/x-www-form-urlencoded: {schema: {type: object}}}}
        components:
          requestBodies:
            Order:
              required: true
              content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
          schemas:
            Order:
              type: object
              required: [item]
              properties:
                item: {type: string}
                note: {type: string, nullable: true}
                amount: {type: number, minimum: 0, exclusiveMinimum: true}
                parts: {type: array, items: {$ref: '#/components/schemas/Order'}}
        """;

    [Test]
    public async Task ListAsync_Yaml_MakesToolsWithEffects()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);

        IReadOnlyList<AgentTool> tools = await bench.Catalog.SelectAsync(bench.Agent);

        Assert.That(tools.ToDictionary(tool => tool.Name, tool => tool.Effect), Is.EqualTo(new Dictionary<string, ToolEffect>
        {
            ["shop__getOrder"] = ToolEffect.None,
            ["shop__get_orders"] = ToolEffect.None,
            ["shop__setOrder"] = ToolEffect.Idempotent,
            ["shop__dropOrder"] = ToolEffect.Idempotent,
            ["shop__changeOrder"] = ToolEffect.Idempotent,
            ["shop__placeOrder"] = ToolEffect.NotIdempotent,
            [ToolNames.Sanitise("shop__log.in")] = ToolEffect.NotIdempotent,
        }), "the upload cannot be written and is left out");
        Assert.That(tools.Single(tool => tool.Name == "shop__getOrder").Function.Description, Is.EqualTo("Finds an order."));
        JsonElement schema = tools.Single(tool => tool.Name == "shop__placeOrder").Function.JsonSchema;
        Assert.That(schema.GetProperty("properties").GetProperty("body").GetProperty("$ref").GetString(),
            Is.EqualTo("#/$defs/Order"));
        Assert.That(schema.GetProperty("$defs").GetProperty("Order").GetRawText(),
            Does.Contain("""["string","null"]""").And.Contain("\"exclusiveMinimum\":0"));
    }

    [Test]
    public async Task CallAsync_Parameters_AreWrittenAsTheDescriptionSays()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description,
            options => options.Headers["Authorization"] = "Bearer ${AGENTFUNCTIONS_TEST_API_TOKEN}");
        Environment.SetEnvironmentVariable("AGENTFUNCTIONS_TEST_API_TOKEN", "tok-1");

        ToolOutcome outcome = await bench.CallAsync("shop__getOrder", new Dictionary<string, object>
        {
            ["id"] = "a/b c?#",
            ["fields"] = new[] { "x", "y z" },
            ["tags"] = new[] { "p", "q" },
            ["filter"] = new { state = "open" },
            ["X-Trace"] = "t1",
        });

        Assert.That(outcome.Text, Is.EqualTo("""{"ok":true}"""));
        Assert.That(server.Last.Target,
            Is.EqualTo("/v1/orders/a%2Fb%20c%3F%23?fields=x&fields=y%20z&tags=p,q&filter[state]=open"));
        Assert.That(server.Last.Headers["X-Trace"], Is.EqualTo("t1"));
        Assert.That(server.Last.Headers["Authorization"], Is.EqualTo("Bearer tok-1"));
        Assert.That(server.Last.Headers["Idempotency-Key"], Is.EqualTo("run-1/1/0"));
    }

    [TestCase("..")]
    [TestCase(".")]
    [TestCase("")]
    public async Task CallAsync_DotSegment_DoesNotLeaveThePath(string id)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__getOrder", new { id });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(server.Requests, Is.Empty);
    }

    [TestCase(".", ".")]
    [TestCase("", ".")]
    public async Task CallAsync_DotsThatSeveralArgumentsMake_DoNotLeaveThePath(string x, string y)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, """
            openapi: 3.0.3
            info: {title: t, version: "1"}
            paths:
              /orders/{x}{y}/all:
                get:
                  operationId: getPart
                  parameters:
                    - {name: x, in: path, required: true, schema: {type: string}}
                    - {name: y, in: path, required: true, schema: {type: string}}
                  responses: {"200": {description: ok}}
            """);

        ToolOutcome outcome = await bench.CallAsync("shop__getPart", new { x, y });
        await bench.CallAsync("shop__getPart", new { x = "a.", y = ".b" });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(server.Requests.Single().Target, Is.EqualTo("/v1/orders/a..b/all"));
    }

    [TestCase("../../admin", "/v1/orders/..%2F..%2Fadmin")]
    [TestCase("%2e%2e", "/v1/orders/%252e%252e")]
    [TestCase("@evil.example", "/v1/orders/%40evil.example")]
    [TestCase("x\r\nHost: evil", "/v1/orders/x%0D%0AHost%3A%20evil")]
    public async Task CallAsync_TrickyPathValue_StaysOneSegment(string id, string target)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);

        await bench.CallAsync("shop__getOrder", new { id });

        Assert.That(server.Last.Target, Is.EqualTo(target));
    }

    [Test]
    public async Task CallAsync_Bodies_AreJsonAndForms()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);

        await bench.CallAsync("shop__placeOrder",
            new { body = new { item = "é", note = (string?)null, parts = new[] { new { item = "p" } } } });
        ApiRequest json = server.Last;
        await bench.CallAsync("shop__changeOrder", new { id = "1", body = new { a = 1 } });
        ApiRequest patch = server.Last;
        await bench.CallAsync(ToolNames.Sanitise("shop__log.in"), new { body = new { user = "a b", pass = "&" } });

        Assert.That(json.Body, Is.EqualTo("""{"item":"\u00E9","note":null,"parts":[{"item":"p"}]}"""));
        Assert.That(json.Headers["Content-Type"], Does.StartWith("application/json"));
        Assert.That(patch.Headers["Content-Type"], Does.StartWith("application/merge-patch+json"));
        Assert.That(server.Last.Body, Is.EqualTo("user=a+b&pass=%26"));
    }

    [Test]
    public async Task CallAsync_BodyAgainstASharedSchema_IsRefused()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__placeOrder",
            new { body = new { amount = 0, parts = new[] { new { } } } });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolArgumentsInvalid));
        Assert.That(outcome.Text,
            Does.Contain("body.item is required").And.Contain("body.amount must be more than 0").And.Contain("body.parts[0].item is required"));
        Assert.That(server.Requests, Is.Empty);
    }

    [Test]
    public async Task CallAsync_ErrorStatus_IsAnErrorWithTheBody()
    {
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = 409;
            return context.Response.WriteAsync("sold out");
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__dropOrder", new { id = "1" });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolFailed));
        Assert.That(outcome.Text, Does.Contain("HTTP 409 Conflict: sold out"));
    }

    [Test]
    public async Task CallAsync_RedirectToItself_IsFollowed()
    {
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            if (context.Request.Path == "/v1/orders/1")
            {
                context.Response.Redirect("/v1/orders/one", permanent: false, preserveMethod: true);
            }

            return Task.CompletedTask;
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__setOrder", new { id = "1", body = new { item = "x" } });

        Assert.That(outcome.Text, Is.EqualTo("HTTP 200 OK"));
        Assert.That(server.Requests.Select(request => $"{request.Method} {request.Target} {request.Body}"), Is.EqualTo(
            ["PUT /v1/orders/1 {\"item\":\"x\"}", "PUT /v1/orders/one {\"item\":\"x\"}"]));
    }

    [Test]
    public async Task CallAsync_RedirectElsewhere_IsRefused([Values] bool clientFollows)
    {
        await using ApiServer inner = await ApiServer.StartAsync();
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Response.Redirect($"{inner.Url}/secrets");
            return Task.CompletedTask;
        });
        await using var bench = new OpenApiBench(server, Description,
            options => options.HttpClientName = clientFollows ? "follows" : options.HttpClientName);

        ToolOutcome outcome = await bench.CallAsync("shop__getOrder", new { id = "1" });

        Assert.That(outcome.Code, Is.EqualTo(ErrorCode.ToolFailed));
        Assert.That(outcome.Text, Does.Contain("redirects to").And.Not.Contain("ok"));
        Assert.That(inner.Requests, clientFollows ? Has.Count.EqualTo(1) : Is.Empty);
    }

    [Test]
    public async Task CallAsync_LongAnswer_IsCut()
    {
        await using ApiServer server =
            await ApiServer.StartAsync(context => context.Response.WriteAsync(new string('x', 100_000)));
        await using var bench = new OpenApiBench(server, Description, options => options.ResponseLimit = 1_000);

        ToolOutcome outcome = await bench.CallAsync("shop__getOrder", new { id = "1" });

        Assert.That(outcome.Text, Is.EqualTo(new string('x', 1_000) + "\n[cut after 1000 bytes]"));
    }

    [Test]
    public async Task CallAsync_BinaryAnswer_BecomesAnArtifact()
    {
        await using ApiServer server = await ApiServer.StartAsync(async context =>
        {
            context.Response.ContentType = "application/pdf";
            await context.Response.Body.WriteAsync(new byte[] { 0, 1, 2 });
        });
        await using var bench = new OpenApiBench(server, Description);

        ToolOutcome outcome = await bench.CallAsync("shop__getOrder", new { id = "1" });

        Assert.That(outcome.Text, Is.EqualTo("[saved as artifact tool-1-0.pdf: application/pdf, 3 bytes]"));
    }

    [Test]
    public async Task ListAsync_FileChanged_SeesTheChange()
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, Description);
        await bench.Catalog.SelectAsync(bench.Agent);

        bench.Write(Description.Replace("operationId: dropOrder", "operationId: removeTheOrder", StringComparison.Ordinal));

        Assert.That((await bench.Catalog.SelectAsync(bench.Agent)).Select(tool => tool.Name),
            Has.Some.EqualTo("shop__removeTheOrder"));
        Assert.That(await bench.Catalog.FindAsync(bench.Agent, "shop__dropOrder"), Is.Null);
    }

    [Test]
    public async Task ListAsync_Address_ResolvesServersAgainstItAndOutlivesIt()
    {
        var gone = false;
        await using ApiServer server = await ApiServer.StartAsync(context =>
        {
            context.Response.StatusCode = gone ? 500 : 200;
            return context.Response.WriteAsync(context.Request.Path == "/openapi.yaml" ? Description : "here");
        });
        await using var bench = new OpenApiBench(server, "", options =>
        {
            options.Document = $"{server.Url}/openapi.yaml";
            options.BaseUrl = null;
            options.RefreshAfter = TimeSpan.Zero;
        });
        ToolOutcome first = await bench.CallAsync("shop__getOrder", new { id = "1" });
        gone = true;

        AgentTool? still = await bench.Catalog.FindAsync(bench.Agent, "shop__getOrder");

        Assert.That(first.Text, Is.EqualTo("here"));
        Assert.That(server.Requests.Select(request => request.Target), Does.Contain("/v1/orders/1"));
        Assert.That(still, Is.Not.Null);
    }

    [TestCase("{}", "openapi: is no 3.0 or 3.1 description")]
    [TestCase("swagger: '2.0'", "openapi: is no 3.0 or 3.1 description")]
    [TestCase("a: [", "is neither valid JSON nor valid YAML")]
    public async Task ChooseAsync_BrokenDescription_IsMissingWithTheReasonAndComesBackMended(string text, string complaint)
    {
        await using ApiServer server = await ApiServer.StartAsync();
        await using var bench = new OpenApiBench(server, text);

        ToolOffer broken = await bench.Catalog.ChooseAsync(bench.Agent, TimeSpan.FromMinutes(1));
        bench.Write(Description);
        ToolOffer mended = await bench.Catalog.ChooseAsync(bench.Agent, TimeSpan.FromMinutes(1));
        bench.Write(text);
        ToolOffer brokenLater = await bench.Catalog.ChooseAsync(bench.Agent, TimeSpan.FromMinutes(1));

        Assert.That(broken.Tools, Is.Empty);
        Assert.That(broken.Missing.Single().Reason, Does.Contain("api.yaml").And.Contain(complaint));
        Assert.That(mended.Missing, Is.Empty);
        Assert.That(mended.Tools.Select(static tool => tool.Name), Does.Contain("shop__getOrder"));
        Assert.That(brokenLater.Tools, Has.Count.EqualTo(mended.Tools.Count), "the last good description stays in use");
    }

    [Test]
    public void AddOpenApiTools_LiteralSecret_IsRefused()
    {
        AgentException? error = Assert.Throws<AgentException>(() => new ServiceCollection().AddOpenApiTools(options =>
        {
            options.Name = "shop";
            options.Document = "x.yaml";
            options.Headers["Authorization"] = "Bearer abc";
        }));

        Assert.That(error!.Message, Does.Contain("Headers.Authorization").And.Not.Contain("abc"));
    }
}
