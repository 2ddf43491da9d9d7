using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.OpenApi;
using Microsoft.AspNetCore.WebUtilities;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>
/// Descriptions made at random: each operation is written so that a server reads back what was meant, or is left out with a note.
/// </summary>
internal sealed class OpenApiGeneratedTests
{
    private static readonly string[] MediaTypes =
        ["application/json", "application/vnd.a+json", "application/x-www-form-urlencoded", "multipart/form-data", "text/plain",
            "text/csv", "application/xml",
         "application/octet-stream", "image/*", "multipart/mixed", "*/*"];

    private static readonly string[] Words = ["plain", "a b&c=d", "é ü", "/x?y#z", "%41+", "..", "{id}", "\u4f60", "q\"u'o",
        "a,b;c"];

    [TestCaseSource(nameof(Seeds))]
    public async Task Create_GeneratedDescription_IsReadBackOrLeftOutWithANote(int seed)
    {
        var random = new Random(seed);
        var paths = new JsonObject();
        for (int i = 0; i < 20; i++)
        {
            paths[$"/p{i}/{{id}}"] = new JsonObject { [random.Next(2) == 0 ? "post" : "put"] = Operation(random) };
        }

        var document = new JsonObject { ["openapi"] = "3.1.0", ["paths"] = paths };
        var reader = new OpenApiReader(document, "generated", new Uri("http://127.0.0.1:1/"), null);
        IReadOnlyList<OpenApiOperation> operations = reader.Read();

        Assert.That(operations.Count + reader.Notes.Count(static note => note.Contains("is left out", StringComparison.Ordinal)),
            Is.EqualTo(20));
        foreach (OpenApiOperation operation in operations)
        {
            await AssertReadBackAsync(operation, random);
        }
    }

    private static IEnumerable<int> Seeds() => Enumerable.Range(1, 60);

    private static async Task AssertReadBackAsync(OpenApiOperation operation, Random random)
    {
        var arguments = new Dictionary<string, JsonElement>();
        foreach (OpenApiParameter parameter in operation.Parameters)
        {
            arguments[parameter.Argument] = JsonSerializer.SerializeToElement(parameter.Place == OpenApiLocation.Path
                ? $"x{Word(random)}"
                : Word(random));
        }

        JsonObject? fields = null;
        string text = Word(random);
        if (operation.Body is { } body)
        {
            fields = body.Form is OpenApiBodyForm.Form or OpenApiBodyForm.Multipart or OpenApiBodyForm.Json
                ? new JsonObject
                {
                    ["a"] = Word(random),
                    ["list"] = new JsonArray(Word(random), Word(random)),
                    ["object"] = new JsonObject { ["k"] = Word(random) },
                    ["file"] = "f"
                }
                : null;
            arguments[body.Argument] = fields is null
                ? JsonSerializer.SerializeToElement(body.Form == OpenApiBodyForm.File ? "f" : text)
                : JsonSerializer.SerializeToElement(fields);
        }

        byte[] content = [.. Enumerable.Range(0, 50).Select(_ => (byte)random.Next(256))];
        using HttpRequestMessage request = OpenApiRequest.Create(
            operation, arguments, new Dictionary<string, OpenApiFile> { ["f"] = new("f.bin", null, content) });

        string[] segments = request.RequestUri!.AbsolutePath.Split('/');
        Assert.That(segments, Has.Length.EqualTo(3));
        Assert.That(Uri.UnescapeDataString(segments[2]), Is.EqualTo(arguments["id"].GetString()));
        Dictionary<string, Microsoft.Extensions.Primitives.StringValues> query =
            QueryHelpers.ParseQuery(request.RequestUri.Query);
        foreach (OpenApiParameter parameter in operation.Parameters.Where(static parameter => parameter.Place == OpenApiLocation.Query))
        {
            Assert.That(query[parameter.Name].ToString(), Is.EqualTo(arguments[parameter.Argument].GetString()));
        }

        byte[] sent = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync();
        switch (operation.Body?.Form)
        {
            case OpenApiBodyForm.Json:
                Assert.That(JsonNode.DeepEquals(JsonNode.Parse(sent), fields), Is.True);
                break;
            case OpenApiBodyForm.File:
                Assert.That(sent, Is.EqualTo(content));
                break;
            case OpenApiBodyForm.Text:
                Assert.That(System.Text.Encoding.UTF8.GetString(sent), Is.EqualTo(text));
                break;
            case OpenApiBodyForm.Form:
                using (var form = new FormReader(System.Text.Encoding.UTF8.GetString(sent)))
                {
                    Dictionary<string, Microsoft.Extensions.Primitives.StringValues> read = await form.ReadFormAsync();
                    Assert.That(read["a"].ToString(), Is.EqualTo(fields!["a"]!.GetValue<string>()));
                    Assert.That(read["list"].ToArray(),
                        Is.EqualTo(fields["list"]!.AsArray().Select(static item => item!.GetValue<string>())));
                    Assert.That(JsonNode.DeepEquals(JsonNode.Parse(read["object"].ToString()), fields["object"]), Is.True);
                }

                break;
            case OpenApiBodyForm.Multipart:
                await AssertMultipartAsync(request, sent, fields!, content);
                break;
        }
    }

    private static async Task AssertMultipartAsync(HttpRequestMessage request, byte[] sent, JsonObject fields, byte[] content)
    {
        var parts = new List<(string Name, byte[] Content)>();
        var reader = new MultipartReader(request.Content!.Headers.ContentType!.Parameters.First().Value!, new MemoryStream(sent));
        while (await reader.ReadNextSectionAsync() is { } section)
        {
            using var read = new MemoryStream();
            await section.Body.CopyToAsync(read);
            parts.Add((Microsoft.Net.Http.Headers.ContentDispositionHeaderValue.Parse(section.ContentDisposition).Name.Value!.Trim('"'), read.ToArray()));
        }

        Assert.That(parts.Select(static part => part.Name), Is.EqualTo((string[])["a", "list", "list", "object", "file"]));
        Assert.That(System.Text.Encoding.UTF8.GetString(parts[0].Content), Is.EqualTo(fields["a"]!.GetValue<string>()));
        Assert.That(JsonNode.DeepEquals(JsonNode.Parse(parts[3].Content), fields["object"]), Is.True);
        Assert.That(parts[4].Content, Is.EqualTo(content));
    }

    private static JsonObject Operation(Random random)
    {
        var parameters = new JsonArray(new JsonObject
        {
            ["name"] = "id",
            ["in"] = "path",
            ["required"] = true,
            ["schema"] = new JsonObject { ["type"] = "string" }
        });
        for (int i = random.Next(3); i > 0; i--)
        {
            parameters.Add(new JsonObject
            {
                ["name"] = $"q[{i}] é",
                ["in"] = "query",
                ["style"] = new[] { "form", "spaceDelimited", "pipeDelimited", "deepObject" }[random.Next(4)],
                ["explode"] = random.Next(2) == 0,
                ["schema"] = new JsonObject { ["type"] = "string" },
            });
        }

        var operation = new JsonObject { ["parameters"] = parameters };
        if (random.Next(8) > 0)
        {
            var media = new JsonObject();
            for (int i = random.Next(1, 3); i > 0; i--)
            {
                string type = MediaTypes[random.Next(MediaTypes.Length)];
                media[type] = type switch
                {
                    "multipart/form-data" =>
                        new JsonObject
                        {
                            ["schema"] = random.Next(4) == 0
                            ? new JsonObject { ["allOf"] = new JsonArray(FormSchema()) }
                            : FormSchema()
                        },
                    _ => new JsonObject { ["schema"] = new JsonObject() },
                };
            }

            operation["requestBody"] = new JsonObject { ["content"] = media };
        }

        return operation;
    }

    private static JsonObject FormSchema() => (JsonObject)JsonNode.Parse("""
        {"type":"object","properties":{"a":{"type":"string"},"list":{"type":"array","items":{"type":"string"}},"object":{"type":"object"},
        "file":{"type":"string","format":"binary"}}}
        """)!;

    private static string Word(Random random) => Words[random.Next(Words.Length)];
}
