using System.Net;
using Dwcp.Sdn.Controller.Configuration;
using Microsoft.Extensions.Logging;

namespace Dwcp.Sdn.Tests.Configuration;

public class TextFormTests
{
    [Theory]
    [InlineData("127.0.0.1:6653")]
    [InlineData("0.0.0.0:0")]
    [InlineData("[::]:65535")]
    [InlineData("[2001:db8::1]:80")]
    public void An_endpoint_is_an_address_and_a_port(string text)
    {
        Assert.True(TextForms.Listener.Read(text, out var value, out _));
        Assert.Equal(IPEndPoint.Parse(text), value);
    }

    [Theory]
    [InlineData("6653", "Write ADDR:PORT, such as 127.0.0.1:6653")]
    [InlineData("10.0.0.1", "Write 10.0.0.1:PORT")]
    [InlineData(":80", "Write 0.0.0.0:80 or [::]:80 for every address of this machine")]
    [InlineData("*:80", "Write 0.0.0.0:80 or [::]:80 for every address of this machine")]
    [InlineData("localhost:80", "Write 127.0.0.1:80 or [::1]:80")]
    [InlineData("controller.example:80", "Write an address and no name: 127.0.0.1:6653 or [::1]:6653")]
    [InlineData("10.1:80", "Write an address and no name: 127.0.0.1:6653 or [::1]:6653")]
    [InlineData("[10.0.0.1]:80", "Write an address and no name: 127.0.0.1:6653 or [::1]:6653")]
    [InlineData("::1", "Write it in brackets, such as [::1]:6653")]
    [InlineData("::1:80", "Write it in brackets, such as [::1]:6653")]
    [InlineData("2001:db8:1:2:3:4:5:6:80", "Write it in brackets, such as [::1]:6653")]
    [InlineData("[::1]", "Write an address and no name: 127.0.0.1:6653 or [::1]:6653")]
    [InlineData("127.0.0.1:65536", "Write a number from 0 to 65535 after the colon")]
    [InlineData("127.0.0.1:-1", "Write a number from 0 to 65535 after the colon")]
    [InlineData("127.0.0.1:http", "Write a number from 0 to 65535 after the colon")]
    [InlineData("127.0.0.1:", "Write a number from 0 to 65535 after the colon")]
    public void What_is_no_endpoint_is_told_what_to_write(string text, string remedy)
    {
        Assert.False(TextForms.Listener.Read(text, out _, out var fault));
        Assert.Equal(remedy, fault.Remedy);
    }

    [Theory]
    [InlineData("192.0.2.1:6653", true)]
    [InlineData("192.0.2.1:0", false)]
    [InlineData("0.0.0.0:6653", false)]
    [InlineData("[::]:6653", false)]
    public void A_destination_is_a_definite_place(string text, bool expected) => Assert.Equal(expected, TextForms.Destination.Read(text, out _, out _));

    [Theory]
    [InlineData("1500ms", 1.5)]
    [InlineData("30s", 30)]
    [InlineData("2m", 120)]
    [InlineData("1h", 3600)]
    public void A_duration_is_a_number_and_a_unit(string text, double seconds)
    {
        Assert.True(TextForms.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromHours(1)).Read(text, out var value, out _));
        Assert.Equal(TimeSpan.FromSeconds(seconds), value);
    }

    [Theory]
    [InlineData("30", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("s", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("-5s", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("1.5s", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("1d", "Write a whole number and ms, s, m or h, such as 30s")]
    [InlineData("999ms", "Write a duration from 1s to 90m")]
    [InlineData("91m", "Write a duration from 1s to 90m")]
    [InlineData("99999999999999999999999999999999h", "Write a duration from 1s to 90m")]
    public void What_is_no_duration_is_told_what_to_write(string text, string remedy)
    {
        Assert.False(TextForms.Duration(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(90)).Read(text, out _, out var fault));
        Assert.Equal(remedy, fault.Remedy);
    }

    [Theory]
    [InlineData("trace", LogLevel.Trace)]
    [InlineData("DEBUG", LogLevel.Debug)]
    [InlineData("info", LogLevel.Information)]
    [InlineData("information", LogLevel.Information)]
    [InlineData("warn", LogLevel.Warning)]
    [InlineData("Warning", LogLevel.Warning)]
    [InlineData("error", LogLevel.Error)]
    [InlineData("critical", LogLevel.Critical)]
    public void A_level_is_a_word_in_any_case(string text, LogLevel expected)
    {
        Assert.True(TextForms.Level.Read(text, out var level, out _));
        Assert.Equal(expected, level);
    }

    [Theory]
    [InlineData("OBSERVED", true)]
    [InlineData("learning", true)]
    [InlineData("1", false)]
    [InlineData("observed,learning", false)]
    [InlineData("", false)]
    public void A_word_is_a_name_and_never_its_number(string text, bool expected)
    {
        var form = TextForms.Word<UnknownSwitches>();

        Assert.Equal(expected, form.Read(text, out _, out var fault));
        Assert.Equal(expected ? null : "Write OBSERVED or LEARNING", fault.Remedy);
    }

    [Theory]
    [InlineData("true", true)]
    [InlineData("1", true)]
    [InlineData("False", false)]
    [InlineData("0", false)]
    public void A_flag_is_true_or_false(string text, bool expected)
    {
        Assert.True(TextForms.Flag.Read(text, out var value, out _));
        Assert.Equal(expected, value);
        Assert.False(TextForms.Flag.Read(text + "x", out _, out _));
    }
}
