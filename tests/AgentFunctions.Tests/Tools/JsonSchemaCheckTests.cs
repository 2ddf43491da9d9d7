using System.Diagnostics;
using System.Text.Json;
using AgentFunctions.Tools;

namespace AgentFunctions.Tests.Tools;

[TestFixture]
internal sealed class JsonSchemaCheckTests
{
    [TestCase("""{"type":"string"}""", "\"x\"", null)]
    [TestCase("""{"type":"string"}""", "1", "the arguments must be a string, not a number")]
    [TestCase("""{"type":["string","null"]}""", "null", null)]
    [TestCase("""{"type":"string","nullable":true}""", "null", null)]
    [TestCase("""{"type":"integer"}""", "1.0", null)]
    [TestCase("""{"type":"integer"}""", "1.5", "must be an integer")]
    [TestCase("""{"enum":["a",2]}""", "2", null)]
    [TestCase("""{"enum":["a",2]}""", "3", "must be one of \"a\", 2")]
    [TestCase("""{"const":{"a":1}}""", """{"a":2}""", "must be {\"a\":1}")]
    [TestCase("""{"required":["a"]}""", "{}", "a is required")]
    [TestCase("""{"properties":{"a":{"properties":{"b":{"type":"number"}}}}}""", """{"a":{"b":"x"}}""", "a.b must be a number, not a string")]
    [TestCase("""{"properties":{"a":{}},"additionalProperties":false}""", """{"z":1}""", "z is not known; use a")]
    [TestCase("""{"additionalProperties":{"type":"number"}}""", """{"z":"1"}""", "z must be a number")]
    [TestCase("""{"items":{"type":"number"}}""", """[1,"x"]""", "[1] must be a number")]
    [TestCase("""{"minItems":2}""", "[1]", "at least 2 items, not 1")]
    [TestCase("""{"maxItems":1}""", "[1,2]", "at most 1 items, not 2")]
    [TestCase("""{"minLength":2}""", "\"🌍\"", "at least 2 characters, not 1")]
    [TestCase("""{"maxLength":1}""", "\"🌍\"", null)]
    [TestCase("""{"pattern":"^a+$"}""", "\"ab\"", "must match the pattern ^a+$")]
    [TestCase("""{"pattern":"(broken"}""", "\"ab\"", null)]
    [TestCase("""{"minimum":3}""", "2", "must be at least 3")]
    [TestCase("""{"maximum":3}""", "4", "must be at most 3")]
    [TestCase("""{"exclusiveMinimum":3}""", "3", "must be more than 3")]
    [TestCase("""{"exclusiveMaximum":3}""", "3", "must be less than 3")]
    [TestCase("""{"multipleOf":0.1}""", "0.3", null)]
    [TestCase("""{"multipleOf":5}""", "7", "must be a multiple of 5")]
    [TestCase("""{"anyOf":[{"type":"string"},{"type":"number"}]}""", "true", "none of the 2 forms")]
    [TestCase("""{"oneOf":[{"type":"number"},{"minimum":1}]}""", "2", "has 2 of the forms")]
    [TestCase("""{"allOf":[{"type":"number"},{"minimum":3}]}""", "2", "must be at least 3")]
    [TestCase("""{"not":{"type":"number"}}""", "2", "a form that the schema excludes")]
    [TestCase("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"number"}}}""", "\"x\"", "must be a number")]
    [TestCase("""{"$ref":"https://example.com/n"}""", "\"x\"", null)]
    [TestCase("true", "1", null)]
    [TestCase("false", "1", "is not allowed")]
    public void Complaints_OfAValue(string schema, string value, string? complaint)
    {
        IReadOnlyList<string> complaints = JsonSchemaCheck.Complaints(JsonElement.Parse(schema), JsonElement.Parse(value));

        Assert.That(complaints, complaint is null ? Is.Empty : Has.One.Contains(complaint));
    }

    [Test]
    public void Complaints_SeveralFields_NamesAllOfThem()
    {
        IReadOnlyList<string> complaints = JsonSchemaCheck.Complaints(
            JsonElement.Parse("""{"properties":{"a":{"type":"number"},"b":{"type":"number"}},"required":["c"]}"""),
            JsonElement.Parse("""{"a":"x","b":"y"}"""));

        Assert.That(complaints, Has.Count.EqualTo(3));
    }

    [TestCase("""{"anyOf":[{"$ref":"#"},{"$ref":"#"}]}""")]
    [TestCase("""{"allOf":[{"$ref":"#"},{"$ref":"#"},{"$ref":"#"}]}""")]
    [TestCase("""{"pattern":"^(a+)+$"}""")]
    public void Complaints_SchemaThatStandsForEndlessWork_EndsSoon(string schema)
    {
        long start = Stopwatch.GetTimestamp();

        JsonSchemaCheck.Complaints(JsonElement.Parse(schema), JsonElement.Parse($"\"{new string('a', 40)}!\""));

        Assert.That(Stopwatch.GetElapsedTime(start), Is.LessThan(TimeSpan.FromSeconds(5)));
    }
}
