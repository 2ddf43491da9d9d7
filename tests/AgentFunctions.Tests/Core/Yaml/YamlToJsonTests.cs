using AgentFunctions.Core.Yaml;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace AgentFunctions.Tests.Core.Yaml;

/// <summary>One rule of what a plain value means, however the file that it stands in is read.</summary>
internal sealed class YamlToJsonTests
{
    [TestCase("5", "5")]
    [TestCase("-0.50", "-0.50")]
    [TestCase("1.10", "1.10")]
    [TestCase("1e3", "1e3")]
    [TestCase(".5", "0.5")]
    [TestCase("007", "\"007\"")]
    [TestCase("+5", "\"\\u002B5\"")]
    [TestCase("True", "true")]
    [TestCase("yes", "\"yes\"")]
    [TestCase("'true'", "\"true\"")]
    [TestCase("!!str 5", "\"5\"")]
    [TestCase("NULL", null)]
    [TestCase("~", null)]
    [TestCase("2026-01-01", "\"2026-01-01\"")]
    [TestCase("[1, {a: b}]", "[1,{\"a\":\"b\"}]")]
    public void Read_OfAStreamAndOfANode_IsTheSame(string yaml, string? json)
    {
        var parser = new Parser(new StringReader(yaml));
        parser.Consume<StreamStart>();
        parser.Consume<DocumentStart>();
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));

        Assert.That(YamlToJson.Read(parser)?.ToJsonString(), Is.EqualTo(json));
        Assert.That(
            YamlToJson.Read(stream.Documents[0].RootNode,
                static node => new InvalidOperationException(node.ToString()))?.ToJsonString(), Is.EqualTo(json));
    }
}
