console.log("nothing")
