using System.Text.Json.Nodes;
using AgentFunctions.Mesh.Cards;

namespace AgentFunctions.Tests.Mesh;

/// <summary>The canonical form of RFC 8785, with the examples of the RFC.</summary>
internal sealed class CanonicalCardTests
{
    [TestCase("""{"b":2,"a":[true,null,"x"]}""", """{"a":[true,null,"x"],"b":2}""")]
    [TestCase("""["\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/"]""", "[\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"]")]
    [TestCase("[333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001]",
        "[333333333.3333333,1e+30,4.5,0.002,1e-27]")]
    [TestCase("[0, -0, 1, -1, 100, 1e21, 1e20, 0.000001, 0.0000001, 123456789012345680000]",
        "[0,0,1,-1,100,1e+21,100000000000000000000,0.000001,1e-7,123456789012345680000]")]
    [TestCase("""{"\u20ac":1,"\r":2,"\ufb33":3,"1":4,"\ud83d\ude00":5,"\u0080":6,"\u00f6":7}""",
        "{\"\\r\":2,\"1\":4,\"\u0080\":6,\"ö\":7,\"€\":1,\"😀\":5,\"\ufb33\":3}")]
    public void Text_IsThatOfTheStandard(string json, string expected) =>
        Assert.That(CanonicalCard.Text(JsonNode.Parse(json)), Is.EqualTo(expected));
}
