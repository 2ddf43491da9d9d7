using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AgentFunctions.OpenApi;

namespace AgentFunctions.Tests.OpenApi;

/// <summary>
/// Descriptions as people write them, and what is sent for them: by the specification's table of styles, or left out with a note.
/// </summary>
internal sealed class OpenApiReaderTests
{
    private const string Colours = """["blue","black","brown"]""";
    private static readonly Dictionary<string, OpenApiFile> NoFiles = [];

    private const string Rgb = """{"R":100,"G":200}""";

    // The table of OpenAPI 3.1.1, "Style Examples".
    [TestCase("path", "simple", false, "\"blue\"", "/x/blue")]
    [TestCase("path", "simple", false, Colours, "/x/blue,black,brown")]
    [TestCase("path", "simple", false, Rgb, "/x/R,100,G,200")]
    [TestCase("path", "simple", true, Rgb, "/x/R=100,G=200")]
    [TestCase("path", "label", false, "\"blue\"", "/x/.blue")]
    [TestCase("path", "label", false, Colours, "/x/.blue,black,brown")]
    [TestCase("path", "label", true, Colours, "/x/.blue.black.brown")]
    [TestCase("path", "label", false, Rgb, "/x/.R,100,G,200")]
    [TestCase("path", "label", true, Rgb, "/x/.R=100.G=200")]
    [TestCase("path", "matrix", false, "\"blue\"", "/x/;color=blue")]
    [TestCase("path", "matrix", false, "\"\"", "/x/;color")]
    [TestCase("path", "matrix", false, Colours, "/x/;color=blue,black,brown")]
    [TestCase("path", "matrix", true, Colours, "/x/;color=blue;color=black;color=brown")]
    [TestCase("path", "matrix", false, Rgb, "/x/;color=R,100,G,200")]
    [TestCase("path", "matrix", true, Rgb, "/x/;R=100;G=200")]
    [TestCase("query", "form", true, "\"blue\"", "/x?color=blue")]
    [TestCase("query", "form", true, "\"\"", "/x?color=")]
    [TestCase("query", "form", false, Colours, "/x?color=blue,black,brown")]
    [TestCase("query", "form", true, Colours, "/x?color=blue&color=black&color=brown")]
    [TestCase("query", "form", false, Rgb, "/x?color=R,100,G,200")]
    [TestCase("query", "form", true, Rgb, "/x?R=100&G=200")]
    [TestCase("query", "form", true, "[]", "/x")]
    [TestCase("query", "form", false, "[]", "/x")]
    [TestCase("query", "spaceDelimited", false, Colours, "/x?color=blue%20black%20brown")]
    [TestCase("query", "spaceDelimited", false, Rgb, "/x?color=R%20100%20G%20200")]
    [TestCase("query", "pipeDelimited", false, Colours, "/x?color=blue%7Cblack%7Cbrown")]
    [TestCase("query", "pipeDelimited", true, Colours, "/x?color=blue&color=black&color=brown")]
    [TestCase("query", "deepObject", true, Rgb, "/x?color[R]=100&color[G]=200")]
    [TestCase("query", "deepObject", true, """{"a":{"b":"c"},"l":["x","y"]}""", "/x?color[a][b]=c&color[l][0]=x&color[l][1]=y")]
    [TestCase("query", "form", true, "\"a b&c=d#e\"", "/x?color=a%20b%26c%3Dd%23e")]
    public void Create_Parameter_IsWrittenInItsStyle(string place, string style, bool explode, string value, string expected)
    {
        string path = place == "path" ? "/x/{color}" : "/x";
        OpenApiOperation operation = Read($$$$"""
            {"{{{{path}}}}":{"get":{"parameters":[{"name":"color","in":"{{{{place}}}}","required":{{{{(place == "path" ? "true" : "false")}}}},"style":"{{{{style}}}}",
            "explode":{{{{(explode ? "true" : "false")}}}},"schema":{}}]}}}
            """).Single();

        Assert.That(Target(operation, $$"""{"color":{{value}}}"""), Is.EqualTo(expected));
    }

    [TestCase("""{"name":"f","in":"query","content":{"application/json":{"schema":{"type":"object"}}}}""", """{"f":{"a":1}}""",
        "/x?f=%7B%22a%22%3A1%7D")]
    [TestCase("""{"name":"f","in":"query","allowReserved":true,"schema":{"type":"string"}}""", """{"f":"a/b?c:d&e"}""",
        "/x?f=a/b?c:d%26e")]
    [TestCase("""{"name":"a b","in":"query","schema":{"type":"string"}}""", """{"a b":"c"}""", "/x?a%20b=c")]
    public void Create_ParameterOfAnotherForm_IsWritten(string parameter, string arguments, string expected)
    {
        OpenApiOperation operation = Read($$$$"""{"/x":{"get":{"parameters":[{{{{parameter}}}}]}}}""").Single();

        Assert.That(Target(operation, arguments), Is.EqualTo(expected));
    }

    [Test]
    public void Create_PathWithQueryOrFragment_KeepsTheOneAndDropsTheOther()
    {
        IReadOnlyList<OpenApiOperation> operations = Read(
            """{"/a?beta=true":{"get":{"parameters":[{"name":"q","in":"query","schema":{}}]}},"/a#other":{"post":{}}}""");

        Assert.That(Target(operations[0], """{"q":"1"}"""), Is.EqualTo("/a?beta=true&q=1"));
        Assert.That(Target(operations[1], "{}"), Is.EqualTo("/a"));
    }

    [Test]
    public void Create_PathParameterThatIsMissing_IsNeverSentInBraces()
    {
        OpenApiOperation operation = Read("""{"/a/{id}":{"delete":{}}}""", out IReadOnlyList<string> notes).Single();

        Assert.That(() => Target(operation, "{}"), Throws.TypeOf<AgentException>().With.Message.Contains("{id}"));
        Assert.That(Target(operation, """{"id":"{x}"}"""), Is.EqualTo("/a/%7Bx%7D"));
        Assert.That(operation.Schema.GetProperty("required")[0].GetString(), Is.EqualTo("id"),
            "what the description forgot is asked for");
        Assert.That(notes, Has.One.Contains("does not declare 'id'"));
    }

    [Test]
    public async Task Create_Form_WritesListsObjectsAndNothingForNull()
    {
        OpenApiOperation operation = Read("""
            {"/x":{"post":{"requestBody":{"content":{"application/x-www-form-urlencoded":{"schema":{"type":"object"},
            "encoding":{"meta":{"style":"deepObject","explode":true},"ids":{"explode":false}}}}}}}}
            """).Single();

        using HttpRequestMessage request = OpenApiRequest.Create(operation, Arguments(
            """{"body":{"tags":["a b","c"],"meta":{"k":"v"},"ids":[1,2],"other":{"x":1},"n":null}}"""), NoFiles);

        Assert.That(
            await request.Content!.ReadAsStringAsync(), Is.EqualTo("tags=a+b&tags=c&meta[k]=v&ids=1,2&other=%7B%22x%22%3A1%7D"));
    }

    [Test]
    public async Task Create_MultipartWithoutFiles_IsWrittenAPartAField()
    {
        OpenApiOperation operation = Read("""
            {"/x":{"post":{"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object","properties":{"a":{"type":"string"},"b":{"type":"array","items":{"type":"string"}}}}}}}}}}
            """).Single();

        using HttpRequestMessage request = OpenApiRequest.Create(operation, Arguments("""{"body":{"a":"x","b":["y","z"]}}"""),
            NoFiles);
        string sent = await request.Content!.ReadAsStringAsync();

        Assert.That(sent.Split("Content-Disposition: form-data; name=\"").Skip(1).Select(static part => part[..1]),
            Is.EqualTo(["a", "b", "b"]));
    }

    [TestCase("""{"/a":{"post":{"requestBody":{"content":{"multipart/form-data":{"schema":{"type":"object"}}}}},"get":{}}}""",
        "must name its fields")]
    [TestCase("""{"/a":{"post":{"requestBody":{"content":{"multipart/mixed":{"schema":{"type":"object"}}}}},"get":{}}}""",
        "of no media type")]
    [TestCase("""{"/a":{"delete":{"$ref":"resources/delete.yml"},"get":{}}}""",
        "it refers to resources/delete.yml, which is not in the description")]
    [TestCase("""{"/b":{"$ref":"b.yml"},"/a":{"get":{}}}""", "/b is left out: it refers to b.yml")]
    [TestCase("""{"/a":{"post":{"parameters":[{"$ref":"p.yml"}]},"get":{}}}""", "it refers to p.yml")]
    [TestCase("""{"/a":{"post":{"parameters":[{"in":"query"}]},"get":{}}}""", "a parameter has no name")]
    [TestCase("""{"/a":{"post":{"x-effect":"safe"},"get":{}}}""", "x-effect: 'safe' is not a valid effect")]
    [TestCase("""{"/a":{"post":{"servers":[{"url":"ftp://a"}]},"get":{}}}""", "is not an http or https address")]
    [TestCase("""{"/a":{"get":{"operationId":"get_a"},"put":{"operationId":"get_a"}}}""", "the operationId 'get_a' stands twice")]
    [TestCase("""{"/a":{"post":{"parameters":3,"requestBody":{"content":{"application/json":3}}},"get":{}}}""",
        "POST /a is left out")]
    [TestCase("""{"/a":{"post":3,"get":{}}}""", "POST /a is left out: it is not a JSON object")]
    public void Read_OneThatCannotBeCalled_IsLeftOutWithANoteAndTheRestStays(string paths, string note)
    {
        IReadOnlyList<OpenApiOperation> operations = Read(paths, out IReadOnlyList<string> notes);

        Assert.That(operations.Select(static operation => operation.Id), Is.EqualTo(["get_a"]));
        Assert.That(notes, Has.One.Contains(note));
    }

    [Test]
    public void Read_OperationByReferenceWithinTheDescription_IsFollowed()
    {
        OpenApiOperation operation = Read(
            """{"/a":{"get":{"$ref":"#/paths/~1b/get"}},"/b":{"get":{"operationId":"b","parameters":[{"name":"q","in":"query","schema":{"type":"string"}}]}}}""",
            out _)[0];

        Assert.That(operation.Parameters.Single().Name, Is.EqualTo("q"));
    }

    [Test]
    public void Read_PropertiesNamedLikeKeywords_AreNames()
    {
        JsonElement body = BodyOf("""
            {"type":"object","required":["example","xml"],"example":{"a":1},"properties":{"example":{"type":"string","example":"x"},"xml":{"type":"string"},
            "nullable":{"type":"boolean"},"properties":{"type":"object","properties":{"discriminator":{"type":"string"}}},"choice":{"enum":[{"xml":1}]}}}
            """);

        Assert.That(body.GetRawText(), Is.EqualTo(
            """{"type":"object","required":["example","xml"],"properties":{"example":{"type":"string"},"xml":{"type":"string"},"nullable":{"type":"boolean"},"properties":{"type":"object","properties":{"discriminator":{"type":"string"}}},"choice":{"enum":[{"xml":1}]}}}"""));
    }

    [TestCase("""{"nullable":true,"oneOf":[{"type":"string"},{"type":"integer"}]}""", "null", true)]
    [TestCase("""{"nullable":true,"allOf":[{"type":"object"}]}""", "null", true)]
    [TestCase("""{"nullable":true,"type":"string","enum":["a"]}""", "null", true)]
    [TestCase("""{"nullable":true,"oneOf":[{"type":"string"},{"type":"integer"}]}""", "true", false)]
    [TestCase("""{"oneOf":[{"type":"string"},{"type":"integer"}]}""", "null", false)]
    public void Read_Nullable_TakesNullBesideWhateverDecides(string schema, string value, bool fits) => Assert.That(
        AgentFunctions.Core.JsonSchemas.JsonSchema.Strict(BodyOf(schema)).Errors(JsonElement.Parse(value)), fits
            ? Is.Empty
            : Is.Not.Empty);

    [Test]
    public void Read_SchemasThatReferInALongRow_AreBoundedAndTakeNoStack()
    {
        var schemas = new StringBuilder("\"S0\":{\"type\":\"string\"}");
        for (int i = 1; i < 20_000; i++)
        {
            schemas.Append($",\"S{i}\":{{\"$ref\":\"#/components/schemas/S{i - 1}\"}}");
        }

        OpenApiOperation operation = Read(
            """{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/S19999"}}}}}}}""", out _, schemas.ToString()).Single();

        Assert.That(operation.Schema.GetRawText(), Has.Length.LessThan(100_000));
    }

    [Test]
    public void Read_SchemaThatLeadsToItselfOutsideTheSharedOnes_Ends() => Assert.That(
        () => Read("""{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"properties":{"self":{"$ref":"#/paths/~1a/post/requestBody/content/application~1json/schema"}}}}}}}}}""", out _),
        Has.Exactly(1).Items);

    [Test]
    public void Read_ReferenceToNowhere_TakesAnythingAndSaysSo()
    {
        OpenApiOperation operation = Read(
            """{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":{"$ref":"other.yml#/X"}}}}}}}""",
            out IReadOnlyList<string> notes).Single();

        Assert.That(operation.Schema.GetRawText(), Does.Not.Contain("$ref"));
        Assert.That(notes, Has.One.Contains("other.yml#/X, which is not in the description"));
    }

    [Test]
    public void Parse_BlankLinesOfMoreSpacesThanTheTextBelow_AreEmpty()
    {
        string text = "openapi: 3.0.3\ninfo:\n  description: |\n       \n    Text.\n  title: t\npaths: {}\n";

        Assert.That(OpenApiText.Parse(text, "a.yaml")["info"]!["title"]!.ToString(), Is.EqualTo("t"));
    }

    private static JsonElement BodyOf(string schema) => Read(
            """{"/a":{"post":{"requestBody":{"content":{"application/json":{"schema":SCHEMA}}}}}}""".Replace("SCHEMA", schema,
                StringComparison.Ordinal))
        .Single().Schema.GetProperty("properties").GetProperty("body");

    private static IReadOnlyList<OpenApiOperation> Read(string paths) => Read(paths, out _);

    private static IReadOnlyList<OpenApiOperation> Read(string paths, out IReadOnlyList<string> notes, string schemas = "")
    {
        var document = (JsonObject)JsonNode.Parse("{\"openapi\":\"3.0.3\",\"paths\":" + paths + ",\"components\":{\"schemas\":{"
            + schemas + "}}}")!;
        var reader = new OpenApiReader(document, "test.json", new Uri("http://127.0.0.1:1/"), null);
        IReadOnlyList<OpenApiOperation> operations = reader.Read();
        notes = reader.Notes;
        return operations;
    }

    private static string Target(OpenApiOperation operation, string arguments)
    {
        using HttpRequestMessage request = OpenApiRequest.Create(operation, Arguments(arguments), NoFiles);
        return request.RequestUri!.OriginalString["http://127.0.0.1:1".Length..];
    }

    private static Dictionary<string, JsonElement> Arguments(string json) =>
        JsonElement.Parse(json).EnumerateObject().ToDictionary(static member => member.Name, static member => member.Value);
}
